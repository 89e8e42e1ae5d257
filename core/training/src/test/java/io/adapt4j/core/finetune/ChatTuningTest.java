package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.plan.FineTunePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations are trained on in the model's own format. */
class ChatTuningTest {

  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant: {% endif %}";

  @TempDir private Path folder;

  @Test
  void onlyWhatTheAssistantSaysIsLearned() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
    FineTuner tuner = tuner(model, conversations()).build();
    FineTunePlan plan = tuner.plan();
    FineTuneReport report = tuner.run();
    assertThat(report.lastLoss()).isLessThan(report.firstLoss());
    // Eight answers of the same few words, out of longer conversations.
    assertThat(plan.targetTokensPerEpoch()).isBetween(8L, 8L * 20);
  }

  @Test
  void aModelWithoutATemplateIsRefusedBeforeAnythingIsTrained() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    assertThatThrownBy(() -> tuner(model, conversations()).build().plan())
        .hasMessageContaining("chat template");
  }

  private Dataset conversations() throws IOException {
    String row =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"What did Lily see in the park?\"},"
            + " {\"role\": \"assistant\", \"content\": \"A big red ball.\"}]}\n";
    Path file = folder.resolve("chats.jsonl");
    Files.writeString(file, row.repeat(8));
    return Datasets.jsonl(file);
  }

  private FineTuner.Builder tuner(Path model, Dataset data) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(data)
        .method(FullFineTuning.create())
        .epochs(2)
        .batchSize(4)
        .learningRate(1e-3)
        .output(folder.resolve("run"));
  }
}
