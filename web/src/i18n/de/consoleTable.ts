export default { down: "Nächste Zeile", up: "Zeile davor", open: "Zeile öffnen", all: "Alle Zeilen auswählen", choose: "{{name}} auswählen" };
