export default {
  number: "Numara", time: "Zaman", actor: "Kim", act: "İşlem", object: "Ne", outcome: "Sonuç", from: "Adres", domain: "Alan", reason: "Neden", member: "Üye", before: "Önce", after: "Sonra",
  outcomes: { all: "Tüm sonuçlar", done: "Yapıldı", refused: "Reddedildi", failed: "Başarısız", begun: "Başladı" },
  kinds: { operator: "Makinedeki işletmeci", account: "Hesap", token: "Jeton", user: "Kullanıcı", system: "Santral", nobody: "Hiç kimse", app: "Uygulama" },
  none: "Kayıt yok", download: "İndir", asJson: "JSON satırları olarak", verify: "Doğrula", verifying: "Doğrulanıyor",
  whole: "Bütün: {{rows}} satır, {{signed}} numarasına kadar imzalı", fault: "{{first}} ile {{last}} arası değiştirilmiş: {{detail}}",
};
