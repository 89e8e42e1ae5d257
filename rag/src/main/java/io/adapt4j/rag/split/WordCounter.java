package io.adapt4j.rag.split;

/** Counts words, ideographs and marks of a text. */
final class WordCounter implements TokenCounter {

  @Override
  public int count(String text) {
    int tokens = 0;
    boolean inWord = false;
    for (int i = 0, point; i < text.length(); i += Character.charCount(point)) {
      point = text.codePointAt(i);
      if (isPartOfWord(point)) {
        tokens += inWord ? 0 : 1;
        inWord = true;
      } else {
        tokens += Blank.is(point) ? 0 : 1;
        inWord = false;
      }
    }
    return tokens;
  }

  @Override
  public boolean isSumOfWords() {
    return true;
  }

  private static boolean isPartOfWord(int point) {
    if (point < 0x80) {
      return (point >= 'a' && point <= 'z')
          || (point >= 'A' && point <= 'Z')
          || (point >= '0' && point <= '9');
    }
    return Character.isLetterOrDigit(point) && !Character.isIdeographic(point);
  }
}
