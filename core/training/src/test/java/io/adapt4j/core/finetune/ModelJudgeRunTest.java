package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.judge.PairQuestion;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.ModelJudge;
import io.adapt4j.core.preference.PreferenceCollector;
import io.adapt4j.core.preference.PreferenceJudge;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that was taught a taste judges the answers of another generator. */
class ModelJudgeRunTest {

  private static final String PARAPHRASE = "{question}\n{first}\n{second}\n";
  private static final String GOOD = "Lily was happy.";
  private static final String BAD = "It was dark.";

  @TempDir private Path folder;

  @Test
  void pairsAreWhatTheModelPrefersOnEitherSide() throws IOException {
    Path base = SmallModel.writeLonger(folder.resolve("base"), 256);
    Path taught = taught(base);
    int[] next = new int[1];
    TextGenerator answering =
        (messages, options) -> GeneratedText.of(next[0]++ % 2 == 0 ? BAD : GOOD);
    Path file = folder.resolve("pairs.jsonl");
    ModelJudge.Counts counts = collected(taught, answering, file);
    assertThat(counts).isEqualTo(new ModelJudge.Counts(1, 0, 0));
    assertThat(Datasets.read(file).open().get(0))
        .isEqualTo(new Example.Preference("Go on.", GOOD, BAD));

    Path none = folder.resolve("none.jsonl");
    assertThat(collected(base, answering, none)).isEqualTo(new ModelJudge.Counts(1, 0, 2));
    assertThat(none).doesNotExist();
  }

  private ModelJudge.Counts collected(Path model, TextGenerator answering, Path file) {
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32)) {
      ModelJudge judge =
          PreferenceJudge.byModel(loaded.asGenerator())
              .wording(PARAPHRASE)
              .generating(GenerationOptions.greedy().toBuilder().maxNewTokens(12).build());
      PreferenceCollector.of(answering, judge).answers(2).collect(List.of("Go on."), file);
      return judge.counts();
    }
  }

  private Path taught(Path base) {
    PairQuestion question = PairQuestion.by("taste").wording(PARAPHRASE);
    List<Example> lessons = new ArrayList<>();
    lessons.add(new Example.PromptCompletion(question.ask("Go on.", GOOD, BAD), "Verdict: A"));
    lessons.add(new Example.PromptCompletion(question.ask("Go on.", BAD, GOOD), "Verdict: B"));
    Dataset rows = Datasets.of(lessons);
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .dataset(new Split(rows, rows.take(0), rows.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(2)
        .learningRate(1e-2)
        .maxLength(256)
        .epochs(60)
        .output(folder.resolve("run"))
        .build()
        .run()
        .last();
  }
}
