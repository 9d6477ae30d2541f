export default { down: "Next row", up: "Row before", open: "Open the row", all: "Choose all rows", choose: "Choose {{name}}" };
