package io.adapt4j.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.spi.AnswerMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was read from documents: answers, fields and tables. */
class DocumentMetricsTest {

  @ParameterizedTest
  @CsvSource({
    "Total Amount,total  amount,1",
    "12.50,12.5O,0.8",
    "kitten,sitting,0.5714285714",
    "abcd,abxx,0",
    "'',word,0"
  })
  void anAnswerIsWorthItsSimilarityFromAHalfOn(String answer, String truth, double similarity) {
    assertThat(Metrics.anls().of(answer, List.of(truth))).isCloseTo(similarity, within(1e-9));
  }

  @Test
  void theBestReferenceCountsAndRowsAreAveraged() {
    Metric<String, List<String>, Double> anls = Metrics.anls();
    anls.add("30 days", List.of("a month", "30 days"));
    anls.add("nothing", List.of("30 days"));
    assertThat(anls.result()).isEqualTo(0.5);
    assertThatThrownBy(() -> anls.add("x", List.of())).hasMessageStartingWith("Row 3: ");
  }

  @Test
  void fieldsAreCountedOverAllRows() {
    Metric<String, String, F1Score> fields = Metrics.fieldF1();
    String truth =
        """
        {"store": "Elm & Sons", "total": "12.50",
         "items": [{"name": "tea", "price": "2"}, {"name": "tea", "price": "3"}]}""";
    fields.add(
        """
        {"store": " Elm & Sons ", "total": 12.5, "extra": null,
         "items": [{"price": "3", "name": "tea"}]}""",
        truth);
    F1Score first = fields.result();
    assertThat(first.precision()).isEqualTo(3 / 5.0);
    assertThat(first.recall()).isEqualTo(3 / 6.0);
    fields.add("The total is 12.50.", truth);
    assertThat(fields.result().recall()).isEqualTo(3 / 12.0);
    assertThat(fields.result().precision()).isEqualTo(3 / 5.0);
    assertThatThrownBy(() -> fields.add("{}", "12.50"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Row 3: the reference is no JSON object");
  }

  @Test
  void equalTablesAreEqualWhateverTheirMarkup() {
    String truth =
        "<table><thead><tr><th>Item</th><th>Price</th></tr></thead>"
            + "<tbody><tr><td>Tea</td><td>2.00</td></tr></tbody></table>";
    String said =
        "Here it is: <table class=x><thead><tr><td><b>Item</b></td><td>Price</td></tr></thead>"
            + "<tr><td>Tea<td colspan='1'> 2.00 </table>";
    assertThat(Metrics.tableSimilarity(false).of(said, truth)).isEqualTo(1);
  }

  @Test
  void aTableLosesWhatItsChangesCost() {
    String truth = table("Tea,2.00", "Milk,1.00");
    Metric<String, String, Double> teds = Metrics.tableSimilarity(false);
    // A section, two rows and four cells.
    assertThat(teds.of(table("Tea,2.00", "Milk,1.0O"), truth))
        .isCloseTo(1 - 0.25 / 7, within(1e-6));
    assertThat(teds.of(table("Tea,2.00"), truth)).isCloseTo(1 - 3 / 7.0, within(1e-6));
    assertThat(teds.of("no table", truth)).isZero();
    assertThat(Metrics.tableSimilarity(true).of(table("a,b", "c,d"), truth)).isEqualTo(1);
    assertThat(teds.of(truth.replaceFirst("<td>", "<td colspan=2>"), truth))
        .isCloseTo(1 - 1 / 7.0, within(1e-6));
    assertThatThrownBy(() -> teds.add(truth, "no table")).hasMessageContaining("no <table>");
  }

  @Test
  void aPredictedTableThatIsTooLargeIsWrong() {
    String large = table(new String[] {"x,".repeat(6000) + "x"});
    assertThat(Metrics.tableSimilarity(false).of(large, table("x"))).isZero();
    assertThatThrownBy(() -> Metrics.tableSimilarity(false).of(table("x"), large))
        .hasMessageContaining("5000 can be compared");
  }

  /** By the recursion over forests, which tries every order of edits. */
  @Test
  void theDistanceOfTreesIsTheLeastOfAllEdits() {
    Random random = new Random(5);
    for (int i = 0; i < 200; i++) {
      List<List<String>> some = rows(random);
      List<List<String>> other = rows(random);
      double larger = Math.max(size(some), size(other));
      assertThat(Metrics.tableSimilarity(false).of(html(some), html(other)))
          .isCloseTo(1 - distance(forest(some), forest(other)) / larger, within(1e-5));
    }
  }

  @Test
  void tasksGradeAnswersByThem() {
    assertThat(AnswerMetric.ANLS.grade("tea", List.of("tee", "milk")))
        .containsEntry("anls", Metrics.anls().of("tea", List.of("tee")));
    assertThat(AnswerMetric.FIELDS.grade("{\"a\": 1}", List.of("{\"a\": 2}", "{\"a\": \"1\"}")))
        .containsEntry("field_f1", 1.0);
    assertThat(AnswerMetric.TABLE.grade(table("a"), List.of(table("a"))))
        .containsEntry("teds", 1.0);
  }

  private record Tree(String tag, String text, List<Tree> children) {}

  private static List<Tree> forest(List<List<String>> rows) {
    return List.of(
        new Tree(
            "tbody",
            "",
            rows.stream()
                .map(
                    row ->
                        new Tree(
                            "tr",
                            "",
                            row.stream().map(text -> new Tree("td", text, List.of())).toList()))
                .toList()));
  }

  private static double distance(List<Tree> some, List<Tree> other) {
    if (some.isEmpty() || other.isEmpty()) {
      return count(some) + count(other);
    }
    Tree a = some.get(some.size() - 1);
    Tree b = other.get(other.size() - 1);
    double deleted = 1 + distance(joined(head(some), a.children()), other);
    double inserted = 1 + distance(some, joined(head(other), b.children()));
    double cost = !a.tag().equals(b.tag()) ? 1 : a.text().equals(b.text()) ? 0 : 1;
    double matched =
        cost + distance(a.children(), b.children()) + distance(head(some), head(other));
    return Math.min(matched, Math.min(deleted, inserted));
  }

  private static List<Tree> head(List<Tree> trees) {
    return trees.subList(0, trees.size() - 1);
  }

  private static List<Tree> joined(List<Tree> some, List<Tree> other) {
    List<Tree> all = new ArrayList<>(some);
    all.addAll(other);
    return all;
  }

  private static int count(List<Tree> trees) {
    return trees.stream().mapToInt(tree -> 1 + count(tree.children())).sum();
  }

  private static int size(List<List<String>> rows) {
    return 1 + rows.stream().mapToInt(row -> 1 + row.size()).sum();
  }

  private static List<List<String>> rows(Random random) {
    return IntStream.rangeClosed(0, random.nextInt(2))
        .mapToObj(
            row ->
                IntStream.rangeClosed(0, random.nextInt(2))
                    .mapToObj(cell -> random.nextBoolean() ? "x" : "y")
                    .toList())
        .toList();
  }

  private static String html(List<List<String>> rows) {
    return table(rows.stream().map(row -> String.join(",", row)).toArray(String[]::new));
  }

  private static String table(String... rows) {
    return Arrays.stream(rows)
        .map(row -> "<tr><td>" + row.replace(",", "</td><td>") + "</td></tr>")
        .collect(Collectors.joining("", "<table><tbody>", "</tbody></table>"));
  }
}
