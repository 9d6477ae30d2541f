// The sentences of the model (client/model/words.ts).
export default {
  send: {
    unknown: "Bu adda kimse yok.",
    absent: "Kimse yok ve bu sohbette hiçbir şey saklanmaz.",
    declined: "Karşı taraf reddetti.",
    line: "Bağlantı koptu.",
    busy: "Saklanamadı. Daha sonra yeniden deneyin.",
    file: "Dosya buraya gönderilemez.",
    nofiles: "Dosyalar saklanan sohbet ister, bunun için lisans yok.",
    group: "Gruplar lisansta yok.",
    forbidden: "Buraya yazamazsınız.",
    format: "Oradaki hiçbir cihaz bunu gösteremez.",
    long: "İleti çok uzun veya boş.",
    other: "İletilemedi (neden {{cause}}).",
  },
  upload: {
    failed: "Dosya gönderilemedi.",
    size: "Dosya çok büyük.",
    quota: "Dosya için yer yok.",
    gone: "Dosya artık bu cihazda değil.",
  },
  act: {
    line: "Bağlantı yok. Hat gelince yeniden deneyin.",
    missing: "Artık yok.",
    forbidden: "Bunu yapamazsınız.",
    limit: "Bir sınıra ulaşıldı.",
    invalid: "Bu olmaz.",
    away: "Depoya ulaşılamıyor. Daha sonra yeniden deneyin.",
    volatile: "Burada hiçbir şey saklanmaz, bu yüzden olmaz.",
    failed: "Olmadı. Daha sonra yeniden deneyin.",
  },
  store: {
    memory: "Bu tarayıcı hiçbir şey saklamaz: bekleyen iletiler sayfa kapanınca kaybolur.",
  },
};
