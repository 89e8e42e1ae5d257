package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreviewTest {

  private static final Dataset ROWS =
      Datasets.of(
          List.of(
              new Example.PromptCompletion("Once upon", " a time"),
              new Example.Text("<s>Once"),
              new Example.PromptCompletion("Once upon a time", " there was"),
              new Example.Text("Once upon a time")));

  @Test
  void marksTheTokensThatAreTrainedOn() {
    assertThat(preview(64, Overflow.TRUNCATE_RIGHT, 1).text())
        .isEqualTo(
            """
            examples row 0
              6 tokens, 3 trained
                <s> ▁Once ▁upon [▁a] [▁time] [</s>]
            """);
    assertThat(preview(64, Overflow.TRUNCATE_RIGHT, 1).ansi())
        .contains("▁upon \u001b[32m▁a\u001b[0m \u001b[32m▁time\u001b[0m");
  }

  @Test
  void remarksOnDoubleBosAndOnRowsThatAreCutOrLeftOut() {
    String text = preview(5, Overflow.TRUNCATE_RIGHT, 4).text();
    assertThat(text)
        .contains("note: begins with bos twice")
        .contains("examples row 2\n  note: left out: ")
        .contains("limit 5, and nothing to learn within it")
        .contains("examples row 3\n  5 tokens, 4 trained\n")
        .contains("note: cut to 5 tokens");
  }

  @Test
  void remarksOnAnEndThatIsNotLearned() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 64).appendEos(false).build();
      assertThat(Preview.of(ROWS, encoder, 1).text()).contains("no trained token ends it");
    }
  }

  @Test
  void hasTheIdsAndThePartsOfASplitRow() {
    Preview preview = preview(4, Overflow.SPLIT, 10);
    assertThat(preview.rows()).hasSize(4);
    Preview.Row split = preview.rows().get(3);
    assertThat(split.samples()).hasSize(2);
    assertThat(split.samples().get(1).tokens())
        .extracting(Preview.Token::id)
        .containsExactly(1, 261, 378, 2);
    assertThat(split.samples().get(1).tokens())
        .extracting(Preview.Token::trained)
        .containsExactly(false, false, true, true);
    assertThat(preview.text()).contains("part 2 of 2: 4 tokens, 2 trained");
  }

  private static Preview preview(int maxLength, Overflow overflow, int rows) {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      return Preview.of(
          ROWS, ExampleEncoder.builder(tokenizer, maxLength).overflow(overflow).build(), rows);
    }
  }
}
