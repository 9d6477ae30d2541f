export default {
  compose: "Yeni toplu mesaj", sender: "Gönderen", senderHint: "Yazan kişinin veya nesnenin adı. Yanıtlar oraya gider.", receivers: "Alıcılar",
  ways: { everybody: "Herkes", template: "Şablon", group: "Grup", names: "Adlar" },
  names: "Alıcıların adları", namesHint: "Aralarında boşluk, virgül veya satır olur; en çok 10.000.",
  text: "Metin", textHint: "Özniteliksiz HTML, örneğin <b> ve <i>; satırlar satır kalır.", preview: "Böyle ulaşır",
  would_one: "{{shown}} kişi alır.", would_other: "{{shown}} kişi alır.", unknown: "Dışarıda kalan: {{names}}.",
  review: "Gözden geçir", reviewTitle_one: "{{shown}} kişiye gönderilsin mi?", reviewTitle_other: "{{shown}} kişiye gönderilsin mi?", send: "Gönder",
  reason: "Neden", reasonHint: "Denetim günlüğü için. Örneğin bir kayıt numarası.", again: "Yeniden gönderin: kimse iki kez almaz.", done: "Toplu mesaj gönderildi",
  sentHere: "Bu sayfadan gönderilenler", nothingSent: "Toplu mesajların durumu, sayfa kapanana kadar burada görünür.",
  whom: { everybody: "herkese", template: "{{name}} şablonuna", group: "{{name}} grubuna", names: "seçilen adlara" },
  counts: { total: "Alıcılar", sent: "Gönderildi", delivered: "Ulaştı", read: "Okundu", failed: "Başarısız", unknown: "Dışarıda" },
};
