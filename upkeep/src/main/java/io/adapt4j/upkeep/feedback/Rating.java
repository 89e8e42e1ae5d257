package io.adapt4j.upkeep.feedback;

/** Rating of an answer: a thumb up or down, or one to five stars. */
public enum Rating {
  /** Good. */
  UP("up", 1),
  /** Bad. */
  DOWN("down", -1),
  /** One star: bad. */
  ONE_STAR("1", -1),
  /** Two stars: bad. */
  TWO_STARS("2", -1),
  /** Three stars: neither good nor bad. */
  THREE_STARS("3", 0),
  /** Four stars: good. */
  FOUR_STARS("4", 1),
  /** Five stars: good. */
  FIVE_STARS("5", 1);

  private final String text;
  private final int sign;

  Rating(String text, int sign) {
    this.text = text;
    this.sign = sign;
  }

  /**
   * Returns the rating of a number of stars.
   *
   * @param stars 1 to 5
   * @return the rating
   * @throws IllegalArgumentException if the number is out of range
   */
  public static Rating stars(int stars) {
    if (stars < 1 || stars > 5) {
      throw new IllegalArgumentException("rating: expected 1 to 5 stars, found " + stars);
    }
    return parse(String.valueOf(stars));
  }

  /**
   * Reads a rating.
   *
   * @param text {@code up}, {@code down}, or {@code 1} to {@code 5}
   * @return the rating
   * @throws IllegalArgumentException if it is none of these
   */
  public static Rating parse(String text) {
    for (Rating rating : values()) {
      if (rating.text.equals(text)) {
        return rating;
      }
    }
    throw new IllegalArgumentException(
        "rating: expected up, down, or 1 to 5 stars, found '" + text + "'");
  }

  /** {@return whether the answer is good} */
  public boolean isGood() {
    return sign > 0;
  }

  /** {@return whether the answer is bad} */
  public boolean isBad() {
    return sign < 0;
  }

  /** Returns {@code up}, {@code down}, or the number of stars. */
  @Override
  public String toString() {
    return text;
  }
}
