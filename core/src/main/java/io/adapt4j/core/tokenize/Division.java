package io.adapt4j.core.tokenize;

/**
 * Place where a text is divided into parts to be encoded one after the other.
 *
 * @param end where the part before it ends
 * @param next where the part after it begins; a space between may be the mark of its beginning
 */
record Division(int end, int next) {

  /** No place was found. */
  static final Division NONE = new Division(-1, -1);

  /** The rest of the text is one part. */
  static final Division END = new Division(-2, -2);

  boolean isNone() {
    return end == NONE.end;
  }

  /** Whether the rest of the text is one part. */
  boolean isEnd() {
    return end == END.end;
  }

  /** Kinds of characters that tokenizers keep apart. */
  private enum Kind {
    LETTER,
    DIGIT,
    SPACE,
    LINE_END,
    SIGN,
    /** What may belong to the character before it, or is half of one. */
    BOUND
  }

  /** Whether a word, one space and a word stand there, divided before the space. */
  static boolean isBeforeWord(String text, int at) {
    return text.charAt(at) == ' '
        && kind(text.charAt(at - 1)) == Kind.LETTER
        && kind(text.charAt(at + 1)) == Kind.LETTER;
  }

  /** Whether characters of two kinds meet there. */
  static boolean isBetweenKinds(String text, int at) {
    Kind before = kind(text.charAt(at - 1));
    Kind after = kind(text.charAt(at));
    return before != after && before != Kind.BOUND && after != Kind.BOUND;
  }

  /** The place, or where the character begins that it is in the midst of. */
  static int wholeCharacter(String text, int at) {
    boolean within =
        at > 0
            && at < text.length()
            && Character.isLowSurrogate(text.charAt(at))
            && Character.isHighSurrogate(text.charAt(at - 1));
    return within ? at - 1 : at;
  }

  private static Kind kind(char character) {
    if (character == '\n' || character == '\r') {
      return Kind.LINE_END;
    }
    if (Character.isWhitespace(character) || Character.isSpaceChar(character)) {
      return Kind.SPACE;
    }
    return switch (Character.getType(character)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.OTHER_LETTER ->
          Kind.LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          Kind.DIGIT;
      case Character.SURROGATE,
          Character.MODIFIER_LETTER,
          Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.FORMAT,
          Character.CONTROL,
          Character.UNASSIGNED ->
          Kind.BOUND;
      default -> Kind.SIGN;
    };
  }
}
