package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.ArrayList;
import java.util.List;

/** Samples completions from the policy. */
record Sampling(Generator generator, Reinforcement options) {

  /** Seed offset between the parts of a rollout. */
  private static final long PARTS = 0x9E3779B97F4A7C15L;

  /** A prompt with a sampled completion. */
  record Drawn(PromptRows.Prompt prompt, Generation generation) {

    boolean truncated() {
      return generation.finishReason().isCut();
    }

    /** Returns the log-probabilities; empty if they were not asked for. */
    float[] logProbs() {
      float[] logProbs = new float[generation.logprobs().size()];
      for (int i = 0; i < logProbs.length; i++) {
        logProbs[i] = (float) generation.logprobs().get(i).logprob();
      }
      return logProbs;
    }

    int[] ids() {
      return generation.tokenIds().stream().mapToInt(Integer::intValue).toArray();
    }

    Completion completion() {
      return new Completion(
          prompt.text(), generation.text(), prompt.fields(), truncated(), prompt.templated());
    }
  }

  /** Samples a completion per prompt, deterministically for a seed and policy. */
  List<Drawn> draw(List<PromptRows.Prompt> prompts, long seed) {
    List<Drawn> drawn = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += options.generationBatch()) {
      List<PromptRows.Prompt> part =
          prompts.subList(from, Math.min(prompts.size(), from + options.generationBatch()));
      List<Generation> generated =
          generator.generate(
              part.stream().map(PromptRows.Prompt::ids).toList(),
              generation(seed + PARTS * from),
              piece -> {},
              new CancellationToken());
      for (int i = 0; i < part.size(); i++) {
        drawn.add(new Drawn(part.get(i), generated.get(i)));
      }
    }
    return drawn;
  }

  private GenerationOptions generation(long seed) {
    GenerationOptions.Builder generation =
        GenerationOptions.builder()
            .maxNewTokens(options.maxNewTokens())
            .temperature(options.temperature())
            .topP(options.topP())
            .topK(options.topK())
            .seed(seed);
    if (options instanceof Grpo grpo && grpo.importanceCorrection().isPresent()) {
      generation.logprobs(0);
    }
    return generation.build();
  }
}
