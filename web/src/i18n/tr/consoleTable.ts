export default { down: "Sonraki satır", up: "Önceki satır", open: "Satırı aç", all: "Tüm satırları seç", choose: "{{name}} seç" };
