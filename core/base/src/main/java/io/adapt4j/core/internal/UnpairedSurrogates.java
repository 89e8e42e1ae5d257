package io.adapt4j.core.internal;

/** Finds UTF-16 that is not valid Unicode. */
public final class UnpairedSurrogates {

  private UnpairedSurrogates() {}

  /**
   * Returns the position of the first unpaired surrogate: a position in UTF-16 units, or -1 if the
   * text is valid.
   */
  public static int indexIn(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (Character.charCount(text.codePointAt(i)) == 1) {
          return i;
        }
        i++;
      }
    }
    return -1;
  }
}
