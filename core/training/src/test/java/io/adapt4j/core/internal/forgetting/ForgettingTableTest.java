package io.adapt4j.core.internal.forgetting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a plan says of a method's gain and forgetting. */
class ForgettingTableTest {

  private static final ForgettingTable TABLE =
      ForgettingTable.parse(
          """
          method,model,seeds,before,lowest,compared,rise,less_low,less_high,name
          full,small,3,5.23,2.49,3.21,0.90,0.0,0.0,full fine-tuning
          full+ewc,small,3,5.23,3.0,3.21,0.20,0.6,0.8,EWC, 50
          lora,small,3,5.23,2.6,3.21,0.85,-0.1,0.2,LoRA, rank 16
          rslora,small,3,5.23,2.5,3.21,1.2,-0.4,-0.2,rsLoRA, rank 64
          full+l2ToBase,small,3,5.23,4.9,3.21,,,,L2 to the base, 1
          full+dynamicFineTuning,small,3,5.23,5.23,3.21,,,,DFT
          """);

  private static String text(String method, String... remedies) {
    return TABLE.text(Optional.of(method), List.of(remedies), "a method");
  }

  @Test
  void aMeasuredMethodHasItsGainAndItsPrice() {
    assertThat(text("full"))
        .contains("small (3 seeds): full fine-tuning lowers the loss on plays from 5.23 to 2.49")
        .contains("at a loss of 3.21 that on stories has risen by 0.90. ")
        .contains("not a forecast");
    assertThat(text("full", "ewc")).contains("EWC, 50", "0.60 to 0.80 less than by full");
    assertThat(text("rslora")).contains("0.20 to 0.40 more than by full");
  }

  @Test
  void anIntervalAroundZeroIsNoDifference() {
    assertThat(text("lora")).contains("not surely different", "(0.20 less to 0.10 more)");
  }

  @Test
  void whatDoesNotLearnEnoughHasNoPrice() {
    assertThat(text("full", "l2ToBase")).contains("does not reach the loss 3.21");
    assertThat(text("full", "dynamicFineTuning"))
        .contains("DFT does not lower the loss on plays, 5.23 before. ");
  }

  @Test
  void whatWasNotMeasuredIsSaid() {
    assertThat(text("lora", "ewc"))
        .isEqualTo("gain and forgetting: not measured for a method with ewc.");
    assertThat(TABLE.text(Optional.empty(), List.of(), "DoRA r=8"))
        .isEqualTo("gain and forgetting: not measured for DoRA r=8.");
  }

  @Test
  void theShippedTableHasTheMethodsThatPlansLookUp() {
    assertThat(ForgettingTable.shipped().of("full")).isNotEmpty();
    assertThat(ForgettingTable.shipped().of("lora"))
        .extracting(MeasuredRuns::model)
        .containsExactly("stories260K", "stories3M", "smallneox");
    assertThat(ForgettingTable.identifier("lora", List.of("replay", "ewc")))
        .isEqualTo("lora+ewc+replay");
    assertThatThrownBy(() -> ForgettingTable.parse("columns\nfull,small"))
        .hasMessageContaining("expected 10 columns");
  }
}
