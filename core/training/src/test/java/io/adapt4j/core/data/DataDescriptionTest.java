package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.recipe.DataDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data as a tree of keys, and the tree of data that was opened. */
class DataDescriptionTest {

  @TempDir private Path folder;
  private final Problems problems = new Problems();

  @BeforeEach
  void writeFiles() throws IOException {
    StringBuilder csv = new StringBuilder("frage;antwort;label;day;talk\n");
    IntStream.range(0, 30)
        .forEach(
            i ->
                csv.append("q" + i + ";a" + i + ";" + (i % 5 == 0 ? "rare" : "often"))
                    .append(";2026-01-" + (10 + i % 20) + ";t" + i / 3 + "\n"));
    Files.writeString(folder.resolve("rows.csv"), csv);
    Files.writeString(folder.resolve("more.jsonl"), "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
  }

  private Split open(String yaml) {
    Fields fields = Fields.of("data", Documents.parse("data.yaml", folder, yaml), problems);
    Split split = DataDescription.open(fields).orElse(null);
    problems.finish();
    return split;
  }

  private static List<Example> rows(Dataset data) {
    return IntStream.range(0, data.size()).mapToObj(data::get).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{path: more.jsonl}",
        "{path: more.jsonl, mixedShapes: true, take: 1}",
        "{path: [more.jsonl, more.jsonl]}",
        "{path: ., files: '**.jsonl', format: jsonl}",
        "{path: rows.csv, delimiter: ';', map: {frage: prompt, antwort: completion},"
            + " shape: prompt-completion, asChat: true}",
        "{path: rows.csv, delimiter: ';', map: {frage: text}, shape: classification,"
            + " split: {train: 0.5, validation: 0.25, test: 0.25, seed: 7, stratify: label},"
            + " balance: {oversample: {seed: 5}}}",
        "{path: rows.csv, delimiter: ';', map: {frage: text}, shape: classification,"
            + " split: {group: talk}, balance: weights}",
        "{path: rows.csv, delimiter: ';', map: {frage: prompt, antwort: completion},"
            + " split: {byPrompt: true}}",
        "{path: rows.csv, delimiter: ';', map: {frage: text}, shape: classification,"
            + " split: {time: day, part: test}, balance: undersample}",
        "{path: rows.csv, delimiter: ';', map: {frage: question, antwort: answers},"
            + " shape: question-answer, template: 'Q {question}', system: Be brief., take: 9}",
        "{mix: [{path: more.jsonl, weight: 3}, {path: more.jsonl, take: 1, weight: 1}],"
            + " rows: 12, seed: 4}",
        "{of: {concat: [{path: more.jsonl}, {path: more.jsonl}], split: {train: 0.5,"
            + " validation: 0.25, test: 0.25, part: train}}, take: 1}"
      })
  void whatWasOpenedDescribesItselfSoThatItOpensAgain(String yaml) {
    Dataset first = open(yaml).train();
    String described = first.origin().description().orElseThrow();
    Value tree = Value.of(Json.written(described), Place.of("record", Path.of("")));
    Dataset second = DataDescription.open(Fields.of("", tree, problems)).orElseThrow().train();
    assertThat(problems.all()).isEmpty();
    assertThat(rows(second)).isEqualTo(rows(first));
    assertThat(IntStream.range(0, first.size()).mapToDouble(second::weight))
        .containsExactly(
            IntStream.range(0, first.size())
                .mapToDouble(first::weight)
                .boxed()
                .toArray(Double[]::new));
    assertThat(second.origin().description()).contains(described);
  }

  @Test
  void aSplitHasItsThreeParts() {
    Split split =
        open(
            "{path: rows.csv, delimiter: ';', map: {frage: text}, shape: classification,"
                + " split: {train: 0.6, validation: 0.2, test: 0.2, time: day}}");
    assertThat(List.of(split.train().size(), split.validation().size(), split.test().size()))
        .containsExactly(18, 6, 6);
    assertThat(split.test().origin().sources())
        .containsExactly(new DataOrigin.Source(folder.resolve("rows.csv"), 30));
  }

  @Test
  void whatIsWrongWithDataIsCollected() {
    Fields fields =
        Fields.of(
            "data",
            Documents.parse(
                "data.yaml",
                folder,
                """
                path: more.jsonl
                fromat: csv
                encoding: utf-9
                split: {train: 2, stratify: lable, group: talk, sede: 1}
                balance: {overs: {}}
                """),
            problems);
    DataDescription.open(fields);
    assertThat(problems.all())
        .anySatisfy(text -> assertThat(text).contains("data.fromat: unknown key", "'format'"))
        .anySatisfy(
            text -> assertThat(text).contains("data.encoding: expected an encoding", "utf-9"))
        .anySatisfy(text -> assertThat(text).contains("data.split.train: expected a number from 0"))
        .anySatisfy(text -> assertThat(text).contains("data.split.stratify: expected one of label"))
        .anySatisfy(
            text -> assertThat(text).contains("data.split.group: expected without stratify"))
        .anySatisfy(text -> assertThat(text).contains("data.split.sede: unknown key", "'seed'"))
        .anySatisfy(text -> assertThat(text).contains("data.balance: expected one of oversample"));
  }

  @Test
  void rowsThatAProgramChoseOrReadHaveNoDescription() {
    Dataset file = Datasets.jsonl(folder.resolve("more.jsonl"));
    assertThat(file.origin().description()).isPresent();
    assertThat(file.subset(1).origin().reason()).contains("chosen by a program");
    assertThat(Datasets.of(List.of(new Example.Text("a"))).origin().reason())
        .isEqualTo("rows in memory");
    Dataset read =
        Datasets.read(folder.resolve("more.jsonl"))
            .map(row -> new Example.Text(row.text("text")))
            .open();
    assertThat(read.split(0.5, 0.5, 0, 1).train().origin().reason())
        .isEqualTo("rows read with a function");
    assertThat(read.origin().sources()).hasSize(1);
  }
}
