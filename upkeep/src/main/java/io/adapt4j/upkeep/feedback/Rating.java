package io.adapt4j.upkeep.feedback;

import java.util.Locale;

/** Rating of an answer: a thumb up or down, or one to five stars. */
public enum Rating {
  /** Good. */
  UP,
  /** Bad. */
  DOWN,
  /** One star: bad. */
  ONE_STAR,
  /** Two stars: bad. */
  TWO_STARS,
  /** Three stars: neither good nor bad. */
  THREE_STARS,
  /** Four stars: good. */
  FOUR_STARS,
  /** Five stars: good. */
  FIVE_STARS;

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
    return values()[ONE_STAR.ordinal() + stars - 1];
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
      if (rating.toString().equals(text)) {
        return rating;
      }
    }
    throw new IllegalArgumentException(
        "rating: expected up, down, or 1 to 5 stars, found '" + text + "'");
  }

  /** {@return whether the answer is good} */
  public boolean isGood() {
    return this == UP || this == FOUR_STARS || this == FIVE_STARS;
  }

  /** {@return whether the answer is bad} */
  public boolean isBad() {
    return this == DOWN || this == ONE_STAR || this == TWO_STARS;
  }

  /** Returns {@code up}, {@code down}, or the number of stars. */
  @Override
  public String toString() {
    return ordinal() < ONE_STAR.ordinal()
        ? name().toLowerCase(Locale.ROOT)
        : String.valueOf(ordinal() - ONE_STAR.ordinal() + 1);
  }
}
