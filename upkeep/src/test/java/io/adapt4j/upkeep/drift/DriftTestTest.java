package io.adapt4j.upkeep.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.Json;
import io.adapt4j.upkeep.drift.DriftReport.ChangedWord;
import io.adapt4j.upkeep.drift.DriftReport.Method;
import io.adapt4j.upkeep.drift.DriftReport.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Periods that differ are told apart, and others are not. */
class DriftTestTest {

  private static final String[] NOUNS = {"parcel", "invoice", "address", "password", "delivery"};
  private static final String[] VERBS = {"where is", "please change", "I lost", "cancel", "show"};

  /** Rows of a support desk; a share of them is about a new product. */
  static List<Row> rows(int count, double newShare, long seed) {
    Random random = new Random(seed);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean isNew = random.nextDouble() < newShare;
      String noun = isNew ? "solar panel" : NOUNS[random.nextInt(NOUNS.length)];
      Map<String, Object> fields = new HashMap<>();
      fields.put("id", "row-" + i);
      fields.put("text", VERBS[random.nextInt(VERBS.length)] + " my " + noun + " " + i % 10);
      fields.put("score", random.nextGaussian() - (isNew ? 1 : 0));
      fields.put("language", random.nextInt(4) == 0 ? "de" : "en");
      fields.put("refused", random.nextDouble() < (isNew ? 0.5 : 0.05));
      rows.add(Row.of(fields));
    }
    return rows;
  }

  private static DriftTest.Builder all() {
    return DriftTest.builder().text("text").number("score").category("language", "refused");
  }

  private static Result result(DriftReport report, String field) {
    return report.results().stream().filter(r -> r.field().equals(field)).findFirst().orElseThrow();
  }

  @Test
  void drawsOfOneDistributionDoNotDrift() {
    DriftReport report = all().build().compare(rows(300, 0, 1), rows(300, 0, 2));
    assertThat(report.drifted()).isFalse();
    assertThat(report.rows()).isEmpty();
    assertThat(report.words()).isEmpty();
    assertThat(report.text()).startsWith("No drift between 300 reference rows and 300 rows now");
  }

  @Test
  void aNewTopicIsFoundWithItsRowsAndWords() {
    List<Row> now = rows(300, 0.3, 2);
    DriftReport report = all().build().compare(rows(300, 0, 1), now);
    Result text = result(report, "text");
    assertThat(text.method()).isEqualTo(Method.DOMAIN_CLASSIFIER);
    assertThat(text.drifted()).isTrue();
    assertThat(text.statistic()).isBetween(0.55, 0.7);
    assertThat(text.interval()).hasValueSatisfying(auc -> assertThat(auc.low()).isGreaterThan(0.5));
    assertThat(result(report, "refused").drifted()).isTrue();
    assertThat(result(report, "language").drifted()).isFalse();
    assertThat(report.words().stream().map(ChangedWord::word)).startsWith("panel", "solar");
    assertThat(report.words().get(0).referenceShare()).isZero();
    assertThat(report.rows())
        .hasSize(10)
        .allSatisfy(row -> assertThat(row.text()).contains("solar panel"))
        .allSatisfy(row -> assertThat(now.get(row.row()).text("text")).isEqualTo(row.text()));
  }

  @Test
  void theReportIsTextAndJson() throws IOException {
    DriftReport report = all().build().compare(rows(300, 0, 1), rows(300, 0.3, 2));
    assertThat(report.text())
        .startsWith("Drift between")
        .contains("DRIFT  text ", "ok     language ", "'solar' in ", ", was 0.0 %");
    assertThat(Json.parse(report.json()).path("drifted").asBoolean()).isTrue();
    assertThat(Json.parse(report.json()).path("results")).hasSize(5);
  }

  @Test
  void theSameRowsAndSeedGiveTheSameReport() {
    DriftTest test = all().seed(7).build();
    assertThat(test.compare(rows(100, 0, 1), rows(100, 0.3, 2)))
        .isEqualTo(test.compare(rows(100, 0, 1), rows(100, 0.3, 2)));
  }

  @Test
  void pValuesAreAdjustedByHolmsMethod() {
    DriftReport report = all().build().compare(rows(200, 0, 1), rows(200, 0.1, 2));
    List<Result> ascending = new ArrayList<>(report.results());
    ascending.sort((a, b) -> Double.compare(a.pValue(), b.pValue()));
    double running = 0;
    for (int i = 0; i < ascending.size(); i++) {
      running = Math.max(running, Math.min(1, (5 - i) * ascending.get(i).pValue()));
      assertThat(ascending.get(i).adjustedPValue()).isEqualTo(running);
    }
  }

  /** Two clouds whose means differ by a thirtieth of the deviation, 5000 points each. */
  @Test
  void amongManyRowsASmallEffectIsNoDrift() {
    List<Row> reference = numbers(5000, 0, 1);
    List<Row> now = numbers(5000, 0.07, 2);
    DriftTest.Builder builder = DriftTest.builder().number("score");
    Result found = builder.build().compare(reference, now).results().get(0);
    assertThat(found.pValue()).isLessThan(0.05);
    assertThat(found.effect()).isLessThan(0.1);
    assertThat(found.drifted()).isFalse();
    assertThat(builder.minimumEffects(0, 0.5).build().compare(reference, now).drifted()).isTrue();
  }

  private static List<Row> numbers(int count, double mean, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(i -> Row.of(Map.of("score", mean + random.nextGaussian())))
        .toList();
  }

  @Test
  void scoresThatAreMissingMoreOftenDrift() {
    List<Row> now =
        IntStream.range(0, 100)
            .mapToObj(i -> Row.of(i % 4 == 0 ? Map.of("id", i) : Map.of("score", i)))
            .toList();
    List<Row> reference =
        IntStream.range(0, 100).mapToObj(i -> Row.of(Map.of("score", i))).toList();
    DriftReport report = DriftTest.builder().number("score").build().compare(reference, now);
    assertThat(result(report, "score").drifted()).isFalse();
    assertThat(result(report, "present(score)").drifted()).isTrue();
  }

  @Test
  void kindsOfFieldsAreRecognized() {
    DriftReport report =
        DriftTest.builder()
            .detect(rows(200, 0.1, 1))
            .build()
            .compare(rows(200, 0, 1), rows(200, 0, 2));
    assertThat(report.results().stream().map(Result::field))
        .containsExactlyInAnyOrder("text", "length(text)", "score", "language", "refused");
  }

  /** False alarms of 400 pairs of periods: 5 % are 20, within four standard deviations. */
  @Test
  void falseAlarmsAreAsRareAsPromised() {
    int alarms = 0;
    for (int seed = 0; seed < 400; seed++) {
      alarms += clouds(seed, 40, 0).pValue() < 0.05 ? 1 : 0;
    }
    assertThat(alarms).isBetween(3, 37);
  }

  /**
   * The AUC of the best direction for means that differ by one deviation is 0.760; that of fitted
   * models is 0.750 on average over these seeds, which intervals contain nearly as often as
   * promised.
   */
  @Test
  void intervalsContainTheAreaUnderDrift() {
    int contained = 0;
    for (int seed = 0; seed < 300; seed++) {
      contained += clouds(seed, 100, 1).auc().contains(0.75) ? 1 : 0;
    }
    assertThat(contained).isBetween(270, 297);
  }

  private static DomainClassifier.Outcome clouds(long seed, int rows, double shift) {
    Random random = new Random(seed);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < 2 * rows; i++) {
      float[] vector = new float[3];
      for (int k = 0; k < vector.length; k++) {
        vector[k] = (float) (random.nextGaussian() + (i >= rows && k == 0 ? shift : 0));
      }
      vectors.add(vector);
    }
    return new DomainClassifier(Features.ofVectors(vectors), rows, rows, 5, seed).test();
  }

  @Test
  void embeddingsTakeThePlaceOfWords() {
    List<List<String>> asked = new ArrayList<>();
    DriftTest test =
        DriftTest.builder()
            .text("text")
            .embeddings(
                texts -> {
                  asked.add(texts);
                  return texts.stream()
                      .map(text -> new float[] {text.contains("solar") ? 1 : 0, text.length()})
                      .toList();
                })
            .build();
    assertThat(test.compare(rows(200, 0, 1), rows(200, 0.4, 2)).drifted()).isTrue();
    assertThat(asked).hasSize(1);
    assertThat(asked.get(0)).hasSize(400);
  }

  @Test
  void rowsAreReadFromAFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, "{\"text\": \"a b\", \"n\": 1}\n{\"n\": 2}\n");
    assertThat(DriftTest.rows(file)).hasSize(2).first().returns("a b", row -> row.text("text"));
  }

  @Test
  void inputsThatCannotBeTestedAreNamed() {
    List<Row> rows = rows(30, 0, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> all().build().compare(rows, rows.subList(0, 19)))
        .withMessage(
            "now: expected at least 20 rows, found 19. Collect more before testing for drift.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DriftTest.builder().text("texts").build().compare(rows, rows))
        .withMessageContaining("'texts'")
        .withMessageContaining("Did you mean 'text'?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DriftTest.builder().number("language").build().compare(rows, rows))
        .withMessageMatching("field 'language': expected a finite number, found '..'.*");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DriftTest.builder().build())
        .withMessageStartingWith("fields: expected at least one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DriftTest.builder().text("text").alpha(5).build())
        .withMessageStartingWith("alpha: expected a number between 0 and 1, found 5.0");
  }
}
