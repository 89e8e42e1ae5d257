package io.adapt4j.core.search;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The files of a search: its description, its results, and one folder per trial. Locked by one
 * search at a time.
 */
record SearchFolder(Path folder, ProcessLock lock) implements AutoCloseable {

  /** JSON Lines file with one line per trial and rung. */
  static final String RESULTS = "trials.jsonl";

  private static final String TABLE = "results.csv";
  private static final String DESCRIPTION = "search.json";
  private static final String LOCK = ".lock";

  static SearchFolder open(Path folder) {
    try {
      ProcessLock lock =
          ProcessLock.tryTake(folder.resolve(LOCK))
              .orElseThrow(
                  () ->
                      new SearchException(
                          folder
                              + " is in use by another search; wait for its end or choose another"
                              + " folder"));
      Temporaries.sweep(folder);
      return new SearchFolder(folder, lock);
    } catch (IOException e) {
      throw new SearchException(
          folder + " cannot be written to: " + WriteFailure.explain(folder, e), e);
    }
  }

  /** Stores the description of the search, or compares it with the stored one. */
  void describe(JsonNode description) {
    Path file = folder.resolve(DESCRIPTION);
    try {
      if (!Files.exists(file)) {
        AtomicFiles.writeJson(file, description);
        return;
      }
      String stored = Json.compact(Json.parse(Files.readString(file)));
      if (!stored.equals(Json.compact(Json.parse(Json.compact(description))))) {
        throw new SearchException(
            ("%s describes another search: %s, not %s. Describe the search as it was, or"
                    + " choose another folder.")
                .formatted(file, stored, Json.compact(description)));
      }
    } catch (IOException e) {
      throw new SearchException(
          file + " cannot be read or written: " + WriteFailure.explain(file, e) + ".", e);
    }
  }

  /** Returns the stored results, in completion order. */
  List<TrialResult> results() {
    Path file = folder.resolve(RESULTS);
    List<TrialResult> results = new ArrayList<>();
    if (!Files.exists(file)) {
      return results;
    }
    try {
      // Bytes that are not UTF-8 damage only the line that contains them.
      List<String> lines =
          new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        try {
          results.add(ResultJson.read(CheckedJson.ofLine(lines.get(i))));
        } catch (IOException | IllegalArgumentException e) {
          throw new SearchException(
              "%s, line %s is damaged; delete it to run that trial again: %s"
                  .formatted(file, i + 1, e.getMessage()),
              e);
        }
      }
      return results;
    } catch (IOException e) {
      throw new SearchException(file + " cannot be read", e);
    }
  }

  void store(List<TrialResult> results) {
    String lines =
        results.stream()
            .map(result -> CheckedJson.line(ResultJson.write(result)) + "\n")
            .collect(Collectors.joining());
    try {
      AtomicFiles.writeText(folder.resolve(RESULTS), lines);
    } catch (IOException e) {
      throw new SearchException(
          "%s cannot be written: %s. Trials stored before are intact."
              .formatted(folder.resolve(RESULTS), WriteFailure.explain(folder, e)),
          e);
    }
  }

  void storeTable(String csv) {
    try {
      AtomicFiles.writeText(folder.resolve(TABLE), csv);
    } catch (IOException e) {
      throw new SearchException(
          folder.resolve(TABLE) + " cannot be written: " + WriteFailure.explain(folder, e), e);
    }
  }

  Path trial(int number) {
    return folder.resolve(String.format(Locale.ROOT, "trial-%04d", number));
  }

  /** Deletes the output folder of a trial. */
  void prune(int number) {
    Path trial = trial(number);
    try {
      AtomicFolders.delete(trial);
    } catch (IOException e) {
      throw new SearchException(
          "The checkpoints of trial " + number + " in " + trial + " cannot be deleted", e);
    }
  }

  /** Releases the lock and deletes its file. */
  @Override
  public void close() {
    lock.close();
  }
}
