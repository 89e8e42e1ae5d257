package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations that wait for an answer: reinforcement asks them, other tasks refuse them. */
class ChatPromptRunTest {

  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    SmallModel.write(folder.resolve("model"));
    Files.writeString(folder.resolve("model/chat_template.jinja"), TEMPLATE);
    Files.writeString(
        folder.resolve("prompts.jsonl"),
        """
        {"messages": [{"role": "user", "content": "Lily"}], "answer": "a"}
        {"messages": [{"role": "user", "content": "Tom"}], "answer": "a"}
        """);
  }

  @Test
  void aPolicyIsAskedInTheWordsOfItsTemplate() {
    Set<String> asked = new ConcurrentSkipListSet<>();
    Grpo grpo =
        Grpo.builder()
            .reward(
                "answer",
                (prompt, completion, fields) -> {
                  asked.add(prompt);
                  return completion.contains((String) fields.get("answer")) ? 1 : 0;
                })
            .promptsPerRollout(2)
            .groupSize(2)
            .maxNewTokens(4)
            .build();
    FineTuneReport report = tuner(Task.reinforcement(grpo)).build().run();
    assertThat(asked).containsExactly("user: Lily\nassistant:", "user: Tom\nassistant:");
    assertThat(report.last().resolve("chat_template.jinja")).exists();
  }

  @Test
  void predictingNextTokensRefusesThemByRow() {
    assertThatThrownBy(() -> tuner(Task.nextTokens()).build().run())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("prompts.jsonl line 1: a conversation without a message of the")
        .hasMessageContaining("Task.reinforcement");
  }

  private FineTuner.Builder tuner(Task task) {
    FileDataset rows = Datasets.read(folder.resolve("prompts.jsonl")).open();
    return FineTuner.builder()
        .model(ModelSource.path(folder.resolve("model")))
        .task(task)
        .dataset(new Split(rows, rows.take(0), rows.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(1)
        .output(folder.resolve("run"));
  }
}
