package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.describe.Fields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The key {@code maskedRows}: training rows that nothing is learned from. */
public final class MaskedRowKeys {

  private static final String KEY = "maskedRows";
  private static final String ROW = "row";
  private static final String LENGTHS = "lengths";
  private static final String SHA256 = "sha256";

  /** Rows that nothing is learned from. */
  public static final Option<List<MaskedRow>> OPTION =
      Option.<List<MaskedRow>>of(KEY, "a list of {row, lengths, sha256}")
          .usual(List.of(), "none")
          .text(
              "Training rows that nothing is learned from, by index, for [deletion](upkeep.md#deletion).")
          .checked(MaskedRowKeys::check)
          .read(MaskedRowKeys::read)
          .write(MaskedRowKeys::write);

  private MaskedRowKeys() {}

  public static void set(Draft draft, List<MaskedRow> rows) {
    Texts.requireAll(KEY, rows);
    draft.set(OPTION, List.copyOf(rows));
  }

  static void check(List<MaskedRow> rows, Checks checks) {
    Set<Integer> seen = new HashSet<>();
    for (MaskedRow row : rows) {
      checks.require(row != null, "a masked row is null");
      checks.require(
          row == null || seen.add(row.row()),
          KEY + ": row " + (row == null ? "" : row.row()) + " is named twice; name it once");
    }
  }

  static Optional<List<MaskedRow>> read(Fields fields) {
    if (!fields.written().contains(KEY)) {
      return Optional.empty();
    }
    List<MaskedRow> rows = new ArrayList<>();
    for (Fields keys : fields.mappings(KEY)) {
      keys.require(ROW, "Give the index of the row in the training data, from 0.");
      Optional<Integer> row = keys.integer(ROW, 0);
      boolean given = keys.written().contains(LENGTHS);
      List<Integer> lengths = keys.integers(LENGTHS, 1);
      Optional<String> sha256 = keys.text(SHA256);
      row.ifPresent(
          index ->
              rows.add(
                  new MaskedRow(index, given ? Optional.of(lengths) : Optional.empty(), sha256)));
      keys.finish();
    }
    return Optional.of(rows);
  }

  static Optional<JsonNode> write(FineTuneSettings settings) {
    if (settings.maskedRows().isEmpty()) {
      return Optional.empty();
    }
    ArrayNode rows = JsonNodeFactory.instance.arrayNode();
    for (MaskedRow masked : settings.maskedRows()) {
      ObjectNode row = rows.addObject().put(ROW, masked.row());
      masked.lengths().ifPresent(lengths -> lengths.forEach(row.putArray(LENGTHS)::add));
      masked.sha256().ifPresent(hash -> row.put(SHA256, hash));
    }
    return Optional.of(rows);
  }
}
