package io.adapt4j.jinja;

/**
 * A piece of a template.
 *
 * @param type what it is
 * @param text its characters; of a string, those it stands for
 * @param value the value of a number
 * @param line where it begins, from 1
 */
record Token(Type type, String text, Object value, int line) {

  enum Type {
    DATA,
    VARIABLE_BEGIN,
    VARIABLE_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    NUMBER,
    OPERATOR,
    END
  }

  boolean isName(String name) {
    return type == Type.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }

  /** How errors call it. */
  String described() {
    return switch (type) {
      case DATA -> "text";
      case VARIABLE_BEGIN -> "'{{'";
      case VARIABLE_END -> "'}}'";
      case BLOCK_BEGIN -> "'{%'";
      case BLOCK_END -> "'%}'";
      case END -> "the end of the template";
      case NAME, STRING, NUMBER, OPERATOR -> "'" + text + "'";
    };
  }
}
