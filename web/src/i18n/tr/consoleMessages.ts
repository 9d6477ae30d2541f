export default {
  domain: "Alan", state: "Durum", people: "Saklanan kişiler", of: "{{some}} / {{all}}", messages: "Mesajlar", conversations: "Konuşmalar", texts: "Metinler", files: "Dosyalar", fileBytes: "Dosyaların boyutu", index: "Arama dizini",
  modes: { embedded: "Santralin kendisi saklıyor", external: "Uygulama hizmetleri saklıyor", off: "Sohbetler saklanmıyor" },
  states: { stored: "Saklanıyor", waiting: "Hizmet bekleniyor", unlicensed: "Lisans yok", disabled: "Kapalı", taken: "Ad dolu", none: "Messages nesnesi yok", off: "Kapalı" },
  noDomain: "Alan yok", rebuild: "Arama dizinini yeniden kur", rebuildTitle: "{{domain}} arama dizini yeniden kurulsun mu?", rebuildText: "Bitene kadar arama daha az bulur; başka bir şey etkilenmez.",
  removed: "Kaldırılan alanlardan", forget: "Tamamen sil", forgetTitle: "{{name}} sohbetleri tamamen silinsin mi?", forgetText: "Kaldırılan alanın tüm mesajları ve dosyaları. Geri alınamaz.",
  rules: "Kurallar", rule: "Saklama kuralı", newRule: "Yeni kural", editRule: "Kuralı değiştir", dropRule: "Kuralı kaldır", ruleDropped: "Kural kaldırıldı", noRule: "Kural yoksa her şey saklanır.",
  ofAll: "Alanın tüm sohbetleri", ofConversation: "{{id}} konuşması", messagesFor: "Mesajlar {{time}}", filesFor: "Dosyalar {{time}}", forEver: "süresiz", days_one: "{{shown}} gün", days_other: "{{shown}} gün",
  conversation: "Konuşma", conversationHint: "Numarası; boşsa alanın tüm sohbetleri.", messageDays: "Mesajların saklandığı gün", fileDays: "Dosyaların saklandığı gün", zero: "0 süresizdir.",
  dryRun: "Şimdi ne silinirdi", wouldDelete: "{{messages}} mesaj ve {{files}} dosya ({{bytes}}) silinirdi; {{held}} tanesi tutuluyor ve kalır.",
  deleted: "{{messages}} mesaj ve {{files}} dosya ({{bytes}}) silindi; {{held}} tanesi tutuluyor.", deletedMore: "{{messages}} mesaj ve {{files}} dosya ({{bytes}}) silindi. Daha var: yeniden çalıştırın.", deleteNow: "Şimdi sil",
  holds: "Silme engelleri", newHold: "Yeni engel", endHold: "Engeli kaldır", endHoldTitle: "{{whose}} üzerindeki engel kaldırılsın mı?", endHoldText: "Bundan sonra kurallar ve kişiler bu mesajları silebilir.", noHold: "Engel yok.",
  holdHint: "Bir kişi veya konuşma belirtin. Engel bitene kadar hiçbir şey silinemez.", person: "Kişinin adı", note: "Not", byConsole: "konsol",
};
