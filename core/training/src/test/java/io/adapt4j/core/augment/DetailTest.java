package io.adapt4j.core.augment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DetailTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NUMBERS | It has 1,000 rooms. | There are 1000 rooms in it.",
        "NUMBERS | It costs 2.50. | The price is 2.5.",
        "NUMBERS | It has 2 doors. | Two doors it has.",
        "NUMBERS | It has two doors. | It has 2 doors.",
        "NUMBERS | On 2024-03-05 it rained. | It rained on 5 March 2024.",
        "NUMBERS | On March 5, 2024 it rained. | It rained on the 5th of March 2024.",
        "NUMBERS | The 3rd attempt worked. | The third attempt worked.",
        "NUMBERS | Version ٤٢ is out. | 42 is the new version.",
        "NUMBERS | It may rain at 10. | Rain is possible at 10.",
        "QUOTES | Press \"Save as\". | To go on, \"Save as\" is to be pressed.",
        "QUOTES | She said “no way,” and left. | She left, having said “no way”.",
        "QUOTES | Call `run()`. | `run()` is to be called.",
        "NAMES | The capital of France is Paris. | Paris is the capital of France.",
        "NAMES | Marie Curie found radium. | Radium was found by Marie Curie.",
        "NAMES | Set max_tokens for the API. | The API needs max_tokens.",
        "NAMES | I like France's wine. | Wine of France is what I like.",
        "NAMES | The GPU is hot. | GPUs are hot.",
        "NAMES | When is it due? | It is due when?",
        "NAMES | HELP ME NOW | Help me now, please",
        "NEGATION | It does not work. | It never works.",
        "NEGATION | It isn’t open. | It's not open.",
        "NEGATION | It works. | It is working.",
      })
  void aWordingThatKeepsItIsKept(Detail detail, String original, String paraphrase) {
    assertThat(detail.isKept(original, paraphrase)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NUMBERS | It has 1,000 rooms. | It has many rooms.",
        "NUMBERS | It has many rooms. | It has 1000 rooms.",
        "NUMBERS | It costs 2.50. | It costs 250.",
        "NUMBERS | On 2024-03-05 it rained. | On 5 April 2024 it rained.",
        "NUMBERS | In March 2024 it rained. | In 2024 it rained.",
        "QUOTES | Press \"Save as\". | Press \"Save\".",
        "QUOTES | Press save. | Press \"save it\".",
        "NAMES | The capital of France is Paris. | The capital of France is Lyon.",
        "NAMES | The capital of France is Paris. | Paris is the capital.",
        "NAMES | It is in the south. | It is in the south of Spain.",
        "NAMES | Set max_tokens. | Set the limit.",
        "NEGATION | It does not work. | It works.",
        "NEGATION | It works. | It doesn't work.",
        "NEGATION | Es geht. | Es geht nicht.",
      })
  void aWordingThatLosesOrAddsItIsNot(Detail detail, String original, String paraphrase) {
    assertThat(detail.isKept(original, paraphrase)).isFalse();
  }
}
