package io.adapt4j.gguf.internal.tokenizer;

/** Token types, numbered as in GGUF files. */
enum TokenType {
  NORMAL(1),
  UNKNOWN(2),
  CONTROL(3),
  USER_DEFINED(4),
  UNUSED(5),
  BYTE(6);

  private final int id;

  TokenType(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }
}
