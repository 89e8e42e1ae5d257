package io.adapt4j.upkeep.deletion;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Result of a deletion, also in the file {@value #FILE} of the new run, for an auditor. It names
 * rows by place and hash and never shows their content.
 *
 * @param plan what was planned
 * @param best the new checkpoint to use
 * @param last the new last checkpoint
 * @param before SHA-256 of the files of the old checkpoints, by path
 * @param after SHA-256 of the files of the new checkpoints, by path
 * @param erased data files, checkpoints and states that were erased
 * @param toErase checkpoints and states that learned from the rows and are still there
 * @param removed kept replies and answers to prompts made of the rows that were removed
 * @param remains where else traces of the rows may be
 * @param elapsed time from the plan to the report
 */
public record DeletionReport(
    DeletionPlan plan,
    Path best,
    Path last,
    Map<String, String> before,
    Map<String, String> after,
    List<Path> erased,
    List<Path> toErase,
    List<Removed> removed,
    List<String> remains,
    Duration elapsed) {

  /** Name of the file. */
  public static final String FILE = "deletion.json";

  /** Copies the collections. */
  public DeletionReport {
    before = Map.copyOf(before);
    after = Map.copyOf(after);
    erased = List.copyOf(erased);
    toErase = List.copyOf(toErase);
    removed = List.copyOf(removed);
    remains = List.copyOf(remains);
  }

  /**
   * Entries of a file or folder that were removed since they held or used a deleted text.
   *
   * @param kind what they were: {@code vectors}, {@code replies}, {@code answers} or {@code
   *     feedback}
   * @param place the file or folder
   * @param ids their SHA-256 hashes; ids for feedback
   */
  public record Removed(String kind, Path place, List<String> ids) {

    /** Copies the list. */
    public Removed {
      ids = List.copyOf(ids);
    }
  }
}
