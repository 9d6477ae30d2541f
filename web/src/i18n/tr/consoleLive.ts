export default {
  search: "Ara", count_one: "şu anda {{shown}}", count_other: "şu anda {{shown}}", match_one: "{{shown}} uyuyor", match_other: "{{shown}} uyuyor",
  none: { registrations: "Kayıtlı kimse yok", calls: "Çağrı da sohbet de yok" }, noMatch: "Uyan bir şey yok",
  name: "Ad", domain: "Alan", device: "Cihaz", connection: "Bağlantı", flags: "Bayraklar", since: "Başlangıç", inbox: "Gelen kutusu açık", yes: "Evet", no: "Hayır",
  disconnect: "Bağlantıyı kes", disconnectOne: "{{name}} kişisinin bu cihazının bağlantısı kesilsin mi?", disconnectAll: "{{name}} kişisinin tüm cihazlarının bağlantısı kesilsin mi?", allOf: "Tüm cihazlar",
  disconnectText: "Kayıt ve onunla birlikte çağrıları biter. Nesne kapatılmadıkça istemci hemen geri gelebilir.",
  disconnected_one: "{{count}} kayıt bitti", disconnected_other: "{{count}} kayıt bitti", traceUser: "Bu kullanıcıyı izle", traceConnection: "Bu bağlantıyı izle", traceCall: "Bu çağrıyı izle",
  call: "Çağrı", ofCall: "Çağrı {{call}}", kind: "Tür", kinds: { chat: "Sohbet", media: "Çağrı", other: "Diğer" }, from: "Kimden", to: "Kime", state: "Durum", texts: "Metinler", legs: "Bacaklar",
  connected: "Bağlı", ringing: "Çalıyor", betweenInboxes: "Gelen kutuları", release: "Bitir", releaseTitle: "{{from}} ile {{to}} arasındaki {{call}} çağrısı bitirilsin mi?",
  releaseChat: "Sohbetin çağrıları biter. Saklanan hiçbir şey kaybolmaz; hemen yeniden yazılabilir.", releaseCall: "İki tarafın da bağlantısı kesilir.",
};
