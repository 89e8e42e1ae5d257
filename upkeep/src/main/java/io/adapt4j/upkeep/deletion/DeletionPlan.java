package io.adapt4j.upkeep.deletion;

import io.adapt4j.core.data.MaskedRow;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * Plan of a deletion.
 *
 * @param rows the rows, by index in the training data and SHA-256 of their tokens
 * @param places file and line of each row
 * @param alike places of other rows with the same tokens, which are not deleted
 * @param firstStep the first step of training that used one of the rows; empty if none did, so that
 *     nothing has to be made again
 * @param startStep the step of the saved state from which training continues; 0 if all is repeated
 * @param totalSteps steps of the whole run
 * @param versions runs and checkpoints that learned from the rows or from such a version
 */
public record DeletionPlan(
    List<MaskedRow> rows,
    List<String> places,
    List<String> alike,
    OptionalInt firstStep,
    int startStep,
    int totalSteps,
    List<LearnedVersion> versions) {

  /** Copies the lists. */
  public DeletionPlan {
    rows = List.copyOf(rows);
    places = List.copyOf(places);
    alike = List.copyOf(alike);
    versions = List.copyOf(versions);
  }

  /** Leaves out the versions in a folder: what a deletion that was cut off made there. */
  DeletionPlan without(Path output) {
    Path made = output.toAbsolutePath().normalize();
    List<LearnedVersion> others =
        versions.stream().filter(version -> !version.folder().startsWith(made)).toList();
    return new DeletionPlan(rows, places, alike, firstStep, startStep, totalSteps, others);
  }

  /**
   * Returns the steps to repeat.
   *
   * @return their number
   */
  public int repeatedSteps() {
    return firstStep.isPresent() ? totalSteps - startStep : 0;
  }

  /**
   * Returns the expected time as a share of training again from the beginning.
   *
   * @return the share of steps to repeat, from 0 to 1
   */
  public double timeShare() {
    return (double) repeatedSteps() / totalSteps;
  }
}
