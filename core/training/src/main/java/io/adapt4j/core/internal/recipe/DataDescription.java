package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.Balance;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Format;
import io.adapt4j.core.data.Mixture;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.Splitter;
import io.adapt4j.core.data.TextUnit;
import io.adapt4j.core.internal.describe.Fields;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Opens the data described by a mapping. The keys are the options of {@link DatasetReader}, {@link
 * Mixture}, {@link Splitter} and {@link Balance}:
 *
 * <pre>{@code
 * path: support.csv
 * map: {question: prompt, reply: completion}
 * split: {train: 0.9, validation: 0.1, seed: 42}
 * balance: oversample
 * }</pre>
 */
public final class DataDescription {

  private static final List<String> SOURCES = List.of("path", "mix", "concat", "of");

  private DataDescription() {}

  public static Optional<Split> open(Fields fields) {
    List<String> named = SOURCES.stream().filter(fields.written()::contains).toList();
    if (named.size() != 1) {
      fields.problem(
          "", "expected one of " + String.join(", ", SOURCES) + ", found " + named + ". Name one.");
      SOURCES.forEach(fields::find);
    }
    Optional<Dataset> rows =
        switch (named.size() == 1 ? named.get(0) : "") {
          case "path" -> files(fields);
          case "mix" -> mixture(fields);
          case "concat" -> concatenation(fields);
          case "of" -> fields.mapping("of").flatMap(DataDescription::whole);
          default -> Optional.empty();
        };
    Optional<Integer> taken = fields.integer("take", 1);
    Optional<Split> parts =
        parts(fields, rows.map(all -> taken.isPresent() ? all.take(taken.get()) : all));
    Optional<Split> balanced = balanced(fields, parts);
    fields.finish();
    return balanced;
  }

  /** Opens data without a split, or one part of a split. */
  private static Optional<Dataset> whole(Fields fields) {
    return open(fields).map(Split::train);
  }

  private static Optional<Dataset> files(Fields fields) {
    List<Dataset> opened = new ArrayList<>();
    List<Path> paths = fields.files("path");
    Set<String> unmatched = null;
    for (Path path : paths) {
      DatasetReader reader = reader(fields, path);
      if (paths.size() > 1) {
        reader.mayLackFields();
      }
      opening(fields, "path", () -> opened.add(reader.open()));
      if (unmatched == null) {
        unmatched = new LinkedHashSet<>(reader.unmatched());
      } else {
        unmatched.retainAll(reader.unmatched());
      }
    }
    if (paths.size() > 1
        && opened.size() == paths.size()
        && unmatched != null
        && !unmatched.isEmpty()) {
      fields.problem(
          "map",
          "expected fields of the files, found no row in any of them that has "
              + String.join(", ", unmatched)
              + ". Correct the names.");
    }
    // Registers the keys of files even if no path could be read.
    reader(fields, Path.of(""));
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(opened.size() == 1 ? opened.get(0) : Datasets.concat(opened));
  }

  private static DatasetReader reader(Fields fields, Path path) {
    DatasetReader reader = Datasets.read(path);
    fields.text("files").ifPresent(reader::files);
    fields.choice("format", Format.class).ifPresent(reader::format);
    fields
        .text("encoding")
        .ifPresent(name -> fields.attempt("encoding", () -> reader.encoding(charset(name))));
    fields.text("delimiter").ifPresent(text -> delimiter(fields, reader, text));
    fields.flag("quotes").filter(on -> !on).ifPresent(off -> reader.withoutQuotes());
    List<String> columns = fields.texts("columns");
    if (!columns.isEmpty()) {
      fields.attempt("columns", () -> reader.columns(columns.toArray(String[]::new)));
    }
    fields.choice("textUnit", TextUnit.class).ifPresent(reader::textUnit);
    fields.text("rowsAt").ifPresent(reader::rowsAt);
    fields.choice("shape", Shape.class).ifPresent(reader::shape);
    fields.flag("mixedShapes").filter(on -> on).ifPresent(on -> reader.mixedShapes());
    fields.mapping("map").ifPresent(map -> renames(map, reader));
    List<String> template = fields.texts("template");
    if (!template.isEmpty()) {
      reader.template(PromptTemplate.of(template.toArray(String[]::new)));
    }
    fields.flag("asChat").filter(on -> on).ifPresent(on -> reader.asChat());
    fields.text("system").ifPresent(reader::asChat);
    fields.text("noAnswer").ifPresent(reader::noAnswer);
    fields.exclude("skipMalformed", "quarantine");
    if (fields.flag("skipMalformed").orElse(false)) {
      reader.skipMalformed();
      fields.find("quarantine");
    } else {
      fields.file("quarantine").ifPresent(reader::quarantine);
    }
    return reader;
  }

  private static Charset charset(String name) {
    // The JDK's exception has only the name as its message.
    if (!Charset.isSupported(name)) {
      throw new IllegalArgumentException(
          "expected an encoding that this JVM knows, found '" + name + "'");
    }
    return Charset.forName(name);
  }

  private static void delimiter(Fields fields, DatasetReader reader, String text) {
    if (text.length() != 1) {
      fields.problem("delimiter", "expected one character, found '" + text + "'.");
    } else {
      fields.attempt("delimiter", () -> reader.delimiter(text.charAt(0)));
    }
  }

  private static void renames(Fields map, DatasetReader reader) {
    for (String field : map.written()) {
      map.text(field).ifPresent(as -> map.attempt(field, () -> reader.map(field, as)));
    }
  }

  private static Optional<Dataset> mixture(Fields fields) {
    Mixture mixture = Datasets.mix();
    boolean complete = true;
    for (Fields keys : fields.mappings("mix")) {
      Optional<Double> weight = keys.number("weight", "above 0", value -> value > 0);
      keys.require("weight", "Give the share of these rows.");
      Optional<Dataset> rows = whole(keys);
      complete &= rows.isPresent() && weight.isPresent();
      if (rows.isPresent() && weight.isPresent()) {
        opening(fields, "mix", () -> mixture.add(rows.get(), weight.get()));
      }
    }
    fields.integer("rows", 1).ifPresent(mixture::rows);
    fields.whole("seed").ifPresent(mixture::seed);
    return complete ? opened(fields, "mix", mixture::build) : Optional.empty();
  }

  private static Optional<Dataset> concatenation(Fields fields) {
    List<Optional<Dataset>> all =
        fields.mappings("concat").stream().map(DataDescription::whole).toList();
    return all.stream().allMatch(Optional::isPresent)
        ? opened(
            fields,
            "concat",
            () -> Datasets.concat(all.stream().flatMap(Optional::stream).toList()))
        : Optional.empty();
  }

  private static Optional<Split> parts(Fields fields, Optional<Dataset> rows) {
    Optional<Fields> split = fields.mapping("split");
    if (split.isEmpty()) {
      return rows.map(all -> new Split(all, all.take(0), all.take(0)));
    }
    Optional<Split> parts = split(split.get(), rows);
    Optional<String> part = split.get().text("part");
    split.get().finish();
    List<String> names = List.of("train", "validation", "test");
    if (part.isPresent() && !names.contains(part.get())) {
      split.get().refuse("part", part.get(), names);
    }
    return part.isEmpty() ? parts : parts.map(all -> only(all, part.get()));
  }

  private static Split only(Split split, String part) {
    Dataset rows =
        switch (part) {
          case "validation" -> split.validation();
          case "test" -> split.test();
          default -> split.train();
        };
    return new Split(rows, rows.take(0), rows.take(0));
  }

  private static Optional<Split> split(Fields fields, Optional<Dataset> rows) {
    String[] names = {"train", "validation", "test"};
    List<Optional<Double>> fractions =
        Arrays.stream(names)
            .map(name -> fields.number(name, "from 0 to 1", value -> value >= 0 && value <= 1))
            .toList();
    boolean given = Stream.of(names).anyMatch(fields.written()::contains);
    Optional<Long> seed = fields.whole("seed");
    Optional<String> stratify = fields.text("stratify");
    if (stratify.isPresent() && !stratify.get().equals("label")) {
      fields.refuse("stratify", stratify.get(), List.of("label"));
    }
    Optional<String> group = fields.text("group");
    Optional<Boolean> byPrompt = fields.flag("byPrompt").filter(on -> on);
    Optional<String> time = fields.text("time");
    fields.exclude("stratify", "group", "byPrompt", "time");
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    Splitter splitter = Splitter.of(rows.get());
    return opened(
        fields,
        given ? "train" : "",
        () -> {
          if (given) {
            splitter.fractions(
                fractions.get(0).orElse(0.0),
                fractions.get(1).orElse(0.0),
                fractions.get(2).orElse(0.0));
          }
          seed.ifPresent(splitter::seed);
          stratify.ifPresent(label -> splitter.stratifyByLabel());
          group.ifPresent(splitter::groupBy);
          byPrompt.ifPresent(on -> splitter.groupByPrompt());
          time.ifPresent(splitter::byTime);
          return splitter.split();
        });
  }

  private static Optional<Split> balanced(Fields fields, Optional<Split> parts) {
    Optional<Fields.Named> way = fields.named("balance");
    if (way.isEmpty()) {
      return parts;
    }
    long seed = way.get().options().whole("seed").orElse(0L);
    way.get().options().finish();
    String name = way.get().name();
    List<String> ways = List.of("oversample", "undersample", "weights");
    if (!ways.contains(name)) {
      fields.refuse("balance", name, ways);
      return Optional.empty();
    }
    return parts.flatMap(
        split ->
            opened(
                fields,
                "balance",
                () ->
                    new Split(
                        balanced(split.train(), name, seed), split.validation(), split.test())));
  }

  private static Dataset balanced(Dataset rows, String way, long seed) {
    Balance balance = Balance.byLabel(rows);
    return switch (way) {
      case "oversample" -> balance.oversample(seed);
      case "undersample" -> balance.undersample(seed);
      default -> balance.weights();
    };
  }

  private interface Opening<T> {
    T open();
  }

  private static <T> Optional<T> opened(Fields fields, String key, Opening<T> opening) {
    List<T> opened = new ArrayList<>();
    opening(fields, key, () -> opened.add(opening.open()));
    return opened.stream().findFirst();
  }

  private static void opening(Fields fields, String key, Runnable opening) {
    try {
      opening.run();
    } catch (DatasetException | IllegalArgumentException | IllegalStateException e) {
      fields.problem(key, e.getMessage());
    }
  }
}
