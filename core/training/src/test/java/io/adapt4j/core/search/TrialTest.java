package io.adapt4j.core.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.search.Strategy.SuccessiveHalving;
import io.adapt4j.core.search.Strategy.Unit;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What trials are drawn. */
class TrialTest {

  private static final List<Parameter> SPACE =
      List.of(
          new Parameter.LogUniform("rate", 1e-5, 1e-1),
          new Parameter.Whole("epochs", 1, 4),
          new Parameter.Choice("method", List.of("lora", "full")),
          new Parameter.Uniform("dropout", 0, 0.5));

  @Test
  void theSameSeedDrawsTheSameTrials() {
    assertThat(Trial.draw(3, SPACE, 1)).isEqualTo(Trial.draw(3, SPACE, 1));
    assertThat(Trial.draw(3, SPACE, 1)).isNotEqualTo(Trial.draw(3, SPACE, 2));
    assertThat(Trial.draw(3, SPACE, 1).settings()).isNotEqualTo(Trial.draw(4, SPACE, 1).settings());
  }

  @Test
  void valuesFillTheirRanges() {
    List<Trial> trials = IntStream.range(0, 2000).mapToObj(i -> Trial.draw(i, SPACE, 9)).toList();
    assertThat(trials)
        .allMatch(trial -> trial.number("rate") >= 1e-5 && trial.number("rate") <= 1e-1);
    double below = trials.stream().filter(trial -> trial.number("rate") < 1e-3).count() / 2000.0;
    assertThat(below).as("half of the decades hold half of the rates").isCloseTo(0.5, within(0.05));
    assertThat(trials.stream().map(trial -> trial.whole("epochs")).distinct().sorted())
        .containsExactly(1, 2, 3, 4);
    assertThat(trials.stream().map(trial -> trial.text("method")).distinct())
        .containsExactlyInAnyOrder("lora", "full");
  }

  @Test
  void aSettingThatIsNotThereOrOfAnotherKindIsNamed() {
    Trial trial = Trial.draw(0, SPACE, 1);
    assertThatThrownBy(() -> trial.number("rank")).hasMessageContaining("no setting 'rank'");
    assertThatThrownBy(() -> trial.number("method")).hasMessageContaining("'method' is the text");
    assertThatThrownBy(() -> trial.whole("rate")).hasMessageContaining("no whole number");
  }

  @Test
  void emptyRangesAreRefused() {
    assertThatThrownBy(() -> new Parameter.LogUniform("rate", 0, 1))
        .hasMessageContaining("rate: expected 0 < low");
    assertThatThrownBy(() -> new Parameter.Whole("epochs", 3, 2)).hasMessageContaining("epochs");
    assertThatThrownBy(() -> new Parameter.Choice("x", List.of())).hasMessageContaining("x");
    assertThatThrownBy(() -> new SuccessiveHalving(Unit.STEPS, 4, 2, 2))
        .hasMessageContaining("least 4");
  }

  @Test
  void budgetsGrowByEtaUpToTheLargest() {
    assertThat(new SuccessiveHalving(Unit.EPOCHS, 1, 9, 3).budgets()).containsExactly(1, 3, 9);
    assertThat(new SuccessiveHalving(Unit.STEPS, 10, 50, 2).budgets())
        .containsExactly(10, 20, 40, 50);
  }
}
