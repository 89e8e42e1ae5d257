package io.adapt4j.verification.study;

import java.util.List;

/**
 * Size of a study.
 *
 * @param storedVillages number of villages that the base model learns, from 2 to 500
 * @param rounds repetitions of each of their facts and, for half of them, each question
 * @param openBookRows rows with questions after documents
 * @param stories real stories in its data
 * @param villages new villages per seed, with five facts each
 * @param epochs epochs of fine-tuning
 * @param seeds random seeds, each with separate villages and trainings
 */
public record StudySize(
    int storedVillages,
    int rounds,
    int openBookRows,
    int stories,
    int villages,
    int epochs,
    List<Long> seeds) {

  /** The full study. */
  public static final StudySize WHOLE =
      new StudySize(80, 20, 5000, 800, 24, 5, List.of(1L, 2L, 3L));

  /** A third of the pre-training and two thirds of the facts. */
  public static final StudySize SMALL =
      new StudySize(40, 20, 1500, 200, 16, 5, List.of(1L, 2L, 99L));

  /** A smoke test; its results are meaningless. */
  public static final StudySize QUICK = new StudySize(10, 4, 60, 20, 4, 2, List.of(1L));

  /**
   * Checks the numbers. Throws {@link IllegalArgumentException} if a number is out of its range.
   */
  public StudySize {
    seeds = List.copyOf(seeds);
    if (storedVillages < 2 || storedVillages > 500) {
      throw new IllegalArgumentException(
          "storedVillages: expected 2 to 500, found " + storedVillages);
    }
    if (rounds < 1 || openBookRows < 1 || stories < 1 || villages < 2 || epochs < 1) {
      throw new IllegalArgumentException(
          "rounds, openBookRows, stories, epochs: expected 1 or more, villages 2 or more, found "
              + List.of(rounds, openBookRows, stories, epochs, villages));
    }
    if (seeds.isEmpty()) {
      throw new IllegalArgumentException("seeds: expected at least one, found none");
    }
  }
}
