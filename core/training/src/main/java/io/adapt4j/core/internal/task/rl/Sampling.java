package io.adapt4j.core.internal.task.rl;

import com.google.common.primitives.Floats;
import com.google.common.primitives.Ints;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.task.episode.EpisodeSetting;
import io.adapt4j.core.internal.task.episode.EpisodeTurn;
import io.adapt4j.core.internal.task.episode.RunningEpisode;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Samples completions from the policy, or episodes with an environment, until the token ends it
 * with a {@link CancellationException}.
 */
record Sampling(
    Generator generator,
    Reinforcement options,
    Optional<EpisodeSetting> episodes,
    CancellationToken cancellation) {

  /** Seed offset between the parts of a rollout. */
  private static final long PARTS = 0x9E3779B97F4A7C15L;

  /** Seed offset between the turns of episodes. */
  private static final long TURNS = 0x94D049BB133111EBL;

  /** A prompt with the turns sampled after it, of which a completion has one. */
  record Drawn(PromptRows.Prompt prompt, List<EpisodeTurn> turns) {

    EpisodeTurn last() {
      return turns.get(turns.size() - 1);
    }

    boolean truncated() {
      return last().answer().truncated();
    }

    /** Returns the log-probabilities of the policy's tokens; empty if they were not asked for. */
    float[] logProbs() {
      return Floats.concat(turns.stream().map(EpisodeTurn::logProbs).toArray(float[][]::new));
    }

    /** Returns all tokens after the prompt. */
    int[] ids() {
      return turns.stream()
          .flatMap(turn -> List.of(turn.ids(), turn.observation()).stream())
          .flatMapToInt(Arrays::stream)
          .toArray();
    }

    /** Returns which tokens are the policy's; empty if all are. */
    boolean[] own() {
      if (turns.stream().allMatch(turn -> turn.observation().length == 0)) {
        return new boolean[0];
      }
      boolean[] own = new boolean[ids().length];
      int at = 0;
      for (EpisodeTurn turn : turns) {
        Arrays.fill(own, at, at + turn.ids().length, true);
        at += turn.ids().length + turn.observation().length;
      }
      return own;
    }

    /** Returns the number of the policy's tokens. */
    int tokens() {
      return Ints.checkedCast(turns.stream().mapToLong(turn -> turn.ids().length).sum());
    }

    /** Returns the environment's rewards from a turn on; NaN if there is no such turn. */
    double rewardFrom(int turn) {
      return turn >= turns.size()
          ? Double.NaN
          : turns.subList(turn, turns.size()).stream().mapToDouble(EpisodeTurn::reward).sum();
    }

    Completion completion() {
      return new Completion(
          prompt.text(), last().answer().text(), prompt.fields(), truncated(), prompt.templated());
    }
  }

  /** Samples a completion or episode per prompt, deterministically for a seed and policy. */
  List<Drawn> draw(List<PromptRows.Prompt> prompts, long seed) {
    List<Drawn> drawn = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += options.generationBatch()) {
      List<PromptRows.Prompt> part =
          prompts.subList(from, Math.min(prompts.size(), from + options.generationBatch()));
      long ofPart = seed + PARTS * from;
      drawn.addAll(
          episodes.isPresent() ? episodes(part, episodes.get(), ofPart) : answers(part, ofPart));
    }
    return drawn;
  }

  private List<Drawn> answers(List<PromptRows.Prompt> part, long seed) {
    List<Generation> generated =
        generated(part.stream().map(PromptRows.Prompt::ids).toList(), seed);
    List<Drawn> drawn = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      Generation answer = generated.get(i);
      int[] ids = Ints.toArray(answer.tokenIds());
      drawn.add(
          new Drawn(
              part.get(i),
              List.of(
                  EpisodeTurn.alone(
                      answer.text(), answer.finishReason().isCut(), ids, logProbs(answer)))));
    }
    return drawn;
  }

  private List<Drawn> episodes(List<PromptRows.Prompt> part, EpisodeSetting setting, long seed) {
    List<RunningEpisode> all = new ArrayList<>();
    try {
      for (PromptRows.Prompt prompt : part) {
        all.add(
            new RunningEpisode(
                setting, prompt.ids(), prompt.text(), prompt.messages(), prompt.fields()));
      }
      List<RunningEpisode> running = all;
      for (int turn = 0; !running.isEmpty(); turn++) {
        List<Generation> generated =
            generated(running.stream().map(RunningEpisode::ids).toList(), seed + TURNS * turn);
        for (int i = 0; i < running.size(); i++) {
          running.get(i).answered(generated.get(i), logProbs(generated.get(i)));
        }
        running = running.stream().filter(episode -> !episode.isOver()).toList();
      }
    } finally {
      all.forEach(RunningEpisode::close);
    }
    List<Drawn> drawn = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      drawn.add(new Drawn(part.get(i), all.get(i).turns()));
    }
    return drawn;
  }

  private List<Generation> generated(List<int[]> prompts, long seed) {
    List<Generation> generated =
        generator.generate(prompts, generation(seed), piece -> {}, cancellation);
    if (cancellation.isCancelled()) {
      throw new CancellationException("The run has ended");
    }
    return generated;
  }

  private static float[] logProbs(Generation generation) {
    float[] logProbs = new float[generation.logprobs().size()];
    for (int i = 0; i < logProbs.length; i++) {
      logProbs[i] = (float) generation.logprobs().get(i).logprob();
    }
    return logProbs;
  }

  private GenerationOptions generation(long seed) {
    GenerationOptions.Builder generation =
        GenerationOptions.builder()
            .maxNewTokens(options.maxNewTokens())
            .temperature(options.temperature())
            .topP(options.topP())
            .topK(options.topK())
            .seed(seed);
    if (options instanceof Grpo grpo
        && (grpo.importanceCorrection().isPresent() || grpo.traces().isPresent())) {
      generation.logprobs(0);
    }
    return generation.build();
  }
}
