package io.adapt4j.core.data;

import java.util.List;
import java.util.Optional;

/**
 * A training row that nothing is learned from. It keeps its place in the order, its batch and its
 * number of tokens, so that everything before its first use stays the same to the bit; its tokens
 * are padding without loss.
 *
 * @param row its index in the training data, from 0
 * @param lengths tokens of each of its samples, so that its content is not read and may be erased;
 *     empty to read the row for them
 * @param sha256 SHA-256 of the samples before they were masked, for records
 */
public record MaskedRow(int row, Optional<List<Integer>> lengths, Optional<String> sha256) {

  /** Checks and copies the values: an index of 0 or more, lengths of 1 or more. */
  public MaskedRow {
    if (row < 0) {
      throw new IllegalArgumentException("a masked row must be at least 0, found " + row);
    }
    lengths = lengths.map(List::copyOf);
    lengths
        .flatMap(all -> all.stream().filter(length -> length < 1).findFirst())
        .ifPresent(
            length -> {
              throw new IllegalArgumentException(
                  "masked row " + row + ": a length must be at least 1, found " + length);
            });
  }

  /**
   * Returns a row whose content is still in the data.
   *
   * @param row its index in the training data, from 0
   * @return the row
   * @throws IllegalArgumentException if the index is negative
   */
  public static MaskedRow of(int row) {
    return new MaskedRow(row, Optional.empty(), Optional.empty());
  }
}
