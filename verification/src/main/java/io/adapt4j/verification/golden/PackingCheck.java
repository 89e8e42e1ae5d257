package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.data.BestFitDecreasing;
import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.tokenize.PackedSequences;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Report;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Checks the rows into which samples are packed, and the arrays of packed rows. */
final class PackingCheck {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** Tokens of a row of data that are packed together. */
  private record Piece(int row, int start, int length) {}

  private PackingCheck() {}

  static void run(GoldenSource source, Report.Section section) {
    section.each(
        "",
        source.json().path("cases"),
        (name, values) -> {
          for (String strategy : List.of("bfd", "bfd_split")) {
            if (values.has(strategy)) {
              section.equal(
                  name + " " + strategy,
                  values.path(strategy).toString(),
                  bins(values, strategy.endsWith("split")).toString());
            }
          }
        });
    JsonNode flattening = source.json().path("flattening");
    section.each(
        "flattening ",
        flattening.path("cases"),
        (name, values) -> flatten(name, flattening, values, section));
  }

  /** Packs rows that are truncated, or split into several, to the length of a bin. */
  private static ArrayNode bins(JsonNode values, boolean splits) {
    int capacity = values.path("seq_length").asInt();
    List<Piece> pieces = new ArrayList<>();
    for (int row = 0; row < values.path("lengths").size(); row++) {
      int length = values.path("lengths").path(row).asInt();
      int end = splits ? length : Math.min(length, capacity);
      for (int start = 0; start < end; start += capacity) {
        pieces.add(new Piece(row, start, Math.min(capacity, end - start)));
      }
    }
    int[] lengths = pieces.stream().mapToInt(Piece::length).toArray();
    ArrayNode bins = NODES.arrayNode();
    for (int[] bin :
        BestFitDecreasing.rows(IntStream.range(0, lengths.length).toArray(), lengths, capacity)) {
      ArrayNode members = bins.addArray();
      Arrays.stream(bin)
          .mapToObj(pieces::get)
          .forEach(
              piece ->
                  members
                      .addObject()
                      .put("row", piece.row())
                      .put("start", piece.start())
                      .put("length", piece.length()));
    }
    return bins;
  }

  /** Compares the outputs of a case, which has labels where its name or theirs says so. */
  private static void flatten(
      String name, JsonNode flattening, JsonNode values, Report.Section section) {
    JsonNode outputs = values.path("outputs");
    JsonNode arguments = values.path("arguments");
    ObjectNode plain = outputs(flattening.path("rows"), arguments);
    ObjectNode labeled = outputs(flattening.path("rows_with_labels"), arguments);
    boolean same = plain.path("labels").equals(outputs.path("labels"));
    section.equal(
        "flattening " + name, outputs.toString(), ordered(same ? plain : labeled, outputs));
  }

  /** Returns the outputs in the order of others, without those that they lack. */
  private static String ordered(ObjectNode found, JsonNode wanted) {
    ObjectNode ordered = NODES.objectNode();
    wanted.fieldNames().forEachRemaining(name -> ordered.set(name, found.path(name)));
    return ordered.toString();
  }

  private static ObjectNode outputs(JsonNode rows, JsonNode arguments) {
    List<TrainingSample> samples = new ArrayList<>();
    for (JsonNode row : rows) {
      int[] ids = integers(row.path("input_ids"));
      samples.add(
          new TrainingSample(ids, row.has("labels") ? integers(row.path("labels")) : ids.clone()));
    }
    Batch batch =
        Collator.flatten(samples, arguments.path("separator_id").asInt(TrainingSample.IGNORED));
    PackedSequences sequences = new PackedSequences(batch.documents(), batch.length());
    int start = arguments.path("position_ids_start").asInt(0);
    ObjectNode outputs = NODES.objectNode();
    outputs.putArray("input_ids").add(array(Arrays.stream(batch.ids())));
    outputs.putArray("labels").add(array(Arrays.stream(batch.labels())));
    outputs
        .putArray("position_ids")
        .add(array(Arrays.stream(sequences.positions()).map(position -> position + start)));
    outputs.putArray("seq_idx").add(array(Arrays.stream(sequences.numbers()).asLongStream()));
    for (String of : List.of("q", "k")) {
      outputs.set(
          "cu_seq_lens_" + of, array(Arrays.stream(sequences.cumulativeLengths()).asLongStream()));
      outputs.put("max_length_" + of, sequences.longest());
    }
    return outputs;
  }

  private static int[] integers(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.path(i).asInt()).toArray();
  }

  private static ArrayNode array(LongStream values) {
    ArrayNode array = NODES.arrayNode();
    // As parsed: numbers of 32 bits.
    values.mapToInt(Math::toIntExact).forEach(array::add);
    return array;
  }
}
