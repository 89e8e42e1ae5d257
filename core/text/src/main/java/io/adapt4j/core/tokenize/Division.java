package io.adapt4j.core.tokenize;

/** A place where a text is split into parts that are encoded one after the other. */
record Division(int end, int next) {

  /** No place was found. */
  static final Division NONE = new Division(-1, -1);

  /** The rest of the text is one part. */
  static final Division END = new Division(-2, -2);

  boolean isNone() {
    return end == NONE.end;
  }

  /** Returns whether the rest of the text is one part. */
  boolean isEnd() {
    return end == END.end;
  }

  /** Kinds of characters that tokenizers separate. */
  private enum Kind {
    LETTER,
    DIGIT,
    SPACE,
    LINE_END,
    SIGN,
    /** A character that may belong to the one before it, or half of a surrogate pair. */
    BOUND
  }

  /** Returns whether a word, a single space and a word meet here, split before the space. */
  static boolean isBeforeWord(String text, int at) {
    return text.charAt(at) == ' '
        && kind(text.charAt(at - 1)) == Kind.LETTER
        && kind(text.charAt(at + 1)) == Kind.LETTER;
  }

  /** Returns whether characters of two kinds meet here. */
  static boolean isBetweenKinds(String text, int at) {
    Kind before = kind(text.charAt(at - 1));
    Kind after = kind(text.charAt(at));
    return before != after && before != Kind.BOUND && after != Kind.BOUND;
  }

  /** Returns this place, or the start of the character that it is inside of. */
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
