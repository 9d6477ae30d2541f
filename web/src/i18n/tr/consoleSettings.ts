export default {
  tabs: { account: "Hesabınız", appearance: "Görünüm", keys: "Tuşlar", tokens: "API belirteçleri", administrators: "Yöneticiler", installation: "Kurulum" },
  copy: "Kopyala", copied: "Kopyalandı", noClipboard: "Tarayıcı burada sayfaların kopyalamasına izin vermiyor: metni seçip kendiniz kopyalayın.", kept: "Sakladım",
  account: {
    may: "Rol", mayNothing: "Rol yok", passwordSince: "Parola tarihi", lastLogin: "Son oturum", password: "Parola", oldPassword: "Şimdiki parola", newPassword: "Yeni parola",
    newPasswordHint: "En az 10 karakter.", repeat: "Yeni parola bir daha", differs: "Yukarıdakinden farklı.", changePassword: "Parolayı değiştir", passwordDone: "Parola değişti; öteki oturumlarınız sona erdi",
    sessions: "Oturumlar", session: "{{from}} adresinden, başlangıç {{since}}, son kullanım {{used}}", thisOne: "Bu oturum", end: "Bitir", unknownBrowser: "Bilinmeyen tarayıcı",
  },
  factor: {
    title: "İkinci adım", on: "Oturum açmak parolanın yanında bir kod ister.", off: "Oturum açmak için parola yeter.", what: "Kodlar bir doğrulama uygulamasından gelir.", onTag: "Açık",
    begin: "İkinci adımı aç", remove: "Kapat", removeText: "Bundan sonra yalnız parola yeter.", codes: "Kurtarma kodları", left_one: "{{count}} kod kaldı.", left_other: "{{count}} kod kaldı.",
    newCodes: "Yeni kurtarma kodları yap", newCodesText: "Şimdiye kadarkiler artık geçmez.", codesText: "Uygulama kaybolursa her biri bir kez kod yerine geçer. Bir daha gösterilmez: parolalarınızı sakladığınız yerde saklayın.",
    password: "Parola", enrol: "Doğrulama uygulamanızda bu gizli anahtarla bir hesap ekleyin veya bağlantıyı o cihazda açın. Sonra gösterdiği kodu yazın.", secret: "Gizli anahtar", link: "Doğrulama uygulamasında aç", uri: "Adres olarak aynısı",
    first: "Uygulamanın gösterdiği kod", confirm: "Aç",
  },
  look: {
    title: "Görünüm ve dil", language: "Dil", browser: "Tarayıcı gibi", clock: "Saat", byLanguage: "Bölgeye göre", theme: { title: "Renkler", system: "Sistem gibi", light: "Açık", dark: "Koyu" },
    density: { title: "Sıklık", comfortable: "Rahat", compact: "Sıkı", roomy: "Geniş" }, text: "Yazı boyu", contrast: { title: "Karşıtlık", system: "Sistem gibi", more: "Daha çok" }, motion: { title: "Hareket", system: "Sistem gibi", reduce: "Yok" },
  },
  keys: {
    single: "Tek harfli tuşlar", singleHint: "Cihazla konuşanlar veya eli titreyenler için kapatılır.", search: "Aramaya git", add: "Yeni kayıt", table: "Bu tablo", close: "En üsttekini kapat",
    before: "Önceki seçenek", next: "Sonraki seçenek", press: "Bas", scope: { lists: "Listeler", choices: "Seçenekler ve sekmeler", tracing: "İzleme" },
  },
  grants: {
    title: "Roller", role: "Rol", org: "Kuruluş", domain: "Alan", add: "Rol ekle", drop: "Rolü kaldır",
    roles: { operator: "İşletmeci", org_admin: "Bir kuruluşun yöneticisi", domain_admin: "Bir alanın yöneticisi", auditor: "Bir alanın denetçisi", auditorOrg: "Bir kuruluşun denetçisi", auditorAll: "Her şeyin denetçisi" },
  },
  admins: {
    add: "Yeni yönetici", name: "Ad", nameHint: "a'dan z'ye harfler, rakamlar ve aralarında . - _ @ +.", passwordHint: "Boşsa olduğu gibi kalır. Yenisi oturumları bitirir.", edit: "Roller ve parola", disable: "Devre dışı bırak", enable: "Etkinleştir", disabled: "Devre dışı",
    resetFactor: "İkinci adımı kapat", resetTitle: "{{name}} için ikinci adım kapatılsın mı?", resetText: "Onu kaybetmiş biri için. Bundan sonra yalnız parola yeter.",
    remove: "Kaldır", removeTitle: "{{name}} kaldırılsın mı?", removeText: "Oturumları ve belirteçleri sona erer. Bu geri alınamaz.", more: "{{name}} ile yapılacaklar", moreOf: "Daha çok göster", lastLogin: "son oturum {{time}}", never: "hiç oturum açmadı",
  },
  tokens: {
    add: "Yeni belirteç", what: "Programlar için, Authorization: Bearer başlığında. Bir belirtecin yetkisi hesabınınkini aşamaz.", all: "Herkesinkileri göster", none: "Belirteç yok.", revoke: "İptal et", revokeTitle: "{{name}} iptal edilsin mi?", revokeText: "Onu kullanan programlar bundan sonra geri çevrilir.",
    until: "{{date}} tarihine kadar", forEver: "süresiz", used: "son kullanım {{date}}", unused: "hiç kullanılmadı", name: "Ad", nameHint: "Hangi program için olduğu. a'dan z'ye harfler, rakamlar ve aralarında . - _ @ +.", life: "Geçerlilik", days_one: "{{count}} gün", days_other: "{{count}} gün", once: "Yalnız bu kez gösterilir.", secret: "Belirteç",
  },
  install: {
    version: "Sürüm", api: "HTTP API", apiHint: "Konsolun yaptığı her şey, programlar için.", docs: "Açıklamayı aç", key: "Ana anahtar", keyWhat: "Depodaki parolaları ve gizli bilgileri mühürler.",
    rotate: "Anahtarı değiştir", rotateTitle: "Ana anahtar değiştirilsin mi?", rotateText: "Yeni anahtar hemen kullanılır. Eskisiyle mühürlenenler arka planda yeniden mühürlenir, sonra eskisi unutulur. Ardından bir yedek alın.",
    running: "Sürüyor", resealing_one: "{{shown}} satır yeniden mühürlendi.", resealing_other: "{{shown}} satır yeniden mühürlendi.", oldKeys_one: "{{count}} eski anahtar hâlâ gerekli.", oldKeys_other: "{{count}} eski anahtar hâlâ gerekli.", oneKey: "Her şey tek anahtarla mühürlü.",
    backup: "Yedek", passphrase: "Parola cümlesi", passphraseHint: "En az 8 karakter. Onunla yedek şifrelenir ve ana anahtarı içerir; onsuz içermez.", backupAct: "Yedek indir", backupBusy: "Yedek hazırlanıyor",
    backupDone: "{{rows}} satır ana anahtarla birlikte kaydedildi.", backupBare: "{{rows}} satır ana anahtar olmadan kaydedildi.",
    drain: "Santrali durdur", drainWhat: "Çağrılar bitsin, sonra dursun.", drainHint: "Bundan sonra yeni kimse giremez.", drainAct: "Yavaşça durdur", drainTitle: "Santral durdurulsun mu?", drainText: "Bundan sonra kimse oturum açamaz ve çağrı başlamaz. Çağrıları bitince, en geç bu süre sonunda durur. Bu geri alınamaz.",
    seconds: "En geç kaç saniye sonra durur", draining: "Santral en geç {{time}} durur.", callsLeft_one: "{{count}} çağrı sürüyor.", callsLeft_other: "{{count}} çağrı sürüyor.",
  },
};
