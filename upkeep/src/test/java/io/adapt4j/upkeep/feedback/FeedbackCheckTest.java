package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FeedbackCheckTest {

  private static FeedbackRow row(String question, String text, String customer) {
    return new FeedbackRow(
        new Example.Chat(List.of(ChatMessage.user(question), ChatMessage.assistant(text))),
        FeedbackRule.RATED_UP,
        List.of("a"),
        List.of("support@3"),
        customer.isEmpty() ? List.of() : List.of(customer));
  }

  private static FeedbackRows rows(FeedbackRow... rows) {
    return new FeedbackRows(List.of(rows), List.of(), Map.of());
  }

  @Test
  void repeatedRowsAreLeftOut() {
    String text = "The parcel arrives on Monday morning, before ten, at the latest at noon.";
    FeedbackRow first = row("When does it arrive?", text, "a");
    FeedbackRows checked =
        FeedbackCheck.of(rows(first, first, row("When does it arrive?", text + " Yes", "b"))).run();
    assertThat(checked.answers()).containsExactly(first);
    assertThat(checked.omitted())
        .containsEntry("rows equal to others", 1)
        .containsEntry("rows nearly equal to others", 1);
    assertThat(checked.text()).contains("left out 1: rows equal to others");
  }

  @Test
  void rowsOfTheExamAreLeftOutEvenIfAllAre() {
    FeedbackRow asked = row("Where is my parcel?", "In Rome.", "a");
    FeedbackRow other = row("Who are you?", "A machine.", "a");
    Example exam = new Example.PromptCompletion("where is my parcel", "It is on its way.");
    assertThat(
            FeedbackCheck.of(rows(asked, other)).exam(Datasets.of(List.of(exam))).run().answers())
        .containsExactly(other);
    Example equal = new Example.PromptCompletion("Who are you?", "A machine.");
    FeedbackRows none = FeedbackCheck.of(rows(other)).exam(Datasets.of(List.of(equal))).run();
    assertThat(none.answers()).isEmpty();
    assertThat(none.omitted()).containsEntry("rows that are in the exam", 1);
  }

  @Test
  void aCustomerWhoGivesMostRowsDoesNotDominate() {
    List<FeedbackRow> all = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      all.add(row("Question of poison number " + i * 7919, "Lie " + i * 104729, "poison"));
    }
    for (int i = 0; i < 90; i++) {
      all.add(row("Honest words " + i * 15485863, "Truth " + i * 32452843, "customer " + i));
    }
    FeedbackRows checked =
        FeedbackCheck.of(rows(all.toArray(FeedbackRow[]::new))).near(1).customerShare(0.1, 5).run();
    assertThat(checked.answers())
        .hasSize(100)
        .filteredOn(row -> row.customers().contains("poison"))
        .hasSize(10);
  }

  @Property
  void noCustomerIsAboveTheShare(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 0, max = 6) Integer> customers,
      @ForAll @IntRange(min = 1, max = 10) int tenths,
      @ForAll @IntRange(min = 1, max = 5) int atLeast) {
    List<FeedbackRow> all = new ArrayList<>();
    for (int i = 0; i < customers.size(); i++) {
      int customer = customers.get(i);
      all.add(row("q" + i * 15485863L, "a" + i * 104729L, customer == 0 ? "" : "c" + customer));
    }
    List<FeedbackRow> kept =
        FeedbackCheck.of(rows(all.toArray(FeedbackRow[]::new)))
            .near(1)
            .customerShare(tenths / 10.0, atLeast)
            .run()
            .answers();
    Map<List<String>, Integer> counts = new HashMap<>();
    kept.forEach(row -> counts.merge(row.customers(), 1, Integer::sum));
    counts
        .values()
        .forEach(
            count ->
                assertThat(count)
                    .isLessThanOrEqualTo((int) Math.max(atLeast, tenths / 10.0 * kept.size())));
    assertThat(all).containsAll(kept);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    FeedbackCheck check = FeedbackCheck.of(rows());
    assertThatThrownBy(() -> check.near(0)).hasMessageContaining("near");
    assertThatThrownBy(() -> check.customerShare(0, 1)).hasMessageContaining("customerShare");
    assertThat(check.run().size()).isZero();
  }
}
