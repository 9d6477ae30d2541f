export default {
  span: "Süre", spans: { "15m": "15 dk", "6h": "6 sa", "7d": "7 gün" },
  old: "Görünen değerler {{time}} saatinden.",
  down_one: "{{of}} uygulama hizmetinden {{count}} tanesi bağlı değil", down_other: "{{of}} uygulama hizmetinden {{count}} tanesi bağlı değil",
  registrations: "Kayıtlar", inThatTime: "bu sürede", callsNow: "Şu anki çağrılar", chatsNow_one: "{{count}} sohbet", chatsNow_other: "{{count}} sohbet",
  messages: "Mesajlar", perSecond: "/ sn", ofThemStored: "{{rate}} tanesi saklandı", drops: "Atılanlar", noDrops: "Son bir saatte yok", noDropsHour: "Hiçbir şey atılmadı.",
  memory: "Bellek", upFor: "Çalışma süresi {{time}}", messagesPerSecond: "Saniyedeki mesajlar", delivered: "İletilen", stored: "Saklanan",
  dropsByReason: "Nedene göre atılanlar", lastHour: "son bir saat", services: "Uygulama hizmetleri", firstOf: "{{count}} hizmetten ilk 5", noServices: "Santrale bağlı uygulama hizmeti yok.",
  inProcess: "aynı süreçte", connecting: "bağlanıyor", isDown: "bağlı değil", store: "Veritabanı", commit: "Commit, ortalama", perCommit: "Commit başına değişiklik", free: "Diskte boş", none: "yok",
  licences: "Kullanılan lisanslar", oneJack: "bir jak {{count}} kişi", unlimited: "Kullanıcı sayan lisans yok: herkes her şeye sahip.", usedOf: "{{used}} / {{of}}",
  lately: "Son olanlar", all: "Tüm olaylar", nothing: "Henüz bir şey değişmedi.",
};
