package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.task.episode.EpisodeTraces;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.train.TrainingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Source of a rollout's completions: sampling, or the traces of an earlier run. */
record Draws(Sampling sampling, Optional<EpisodeTraces> traces, Optional<EpisodeTraces> replay) {

  /** Creates the source of an algorithm; traces are written only if asked for. */
  static Draws of(Sampling sampling, Reinforcement algorithm, boolean writes) {
    Optional<Grpo> grpo =
        algorithm instanceof Grpo options ? Optional.of(options) : Optional.empty();
    Optional<Path> written = grpo.flatMap(Grpo::traces).filter(folder -> writes);
    Optional<Path> read = grpo.flatMap(Grpo::replay);
    return new Draws(sampling, written.map(EpisodeTraces::new), read.map(EpisodeTraces::new));
  }

  /** Draws a completion per prompt. */
  List<Sampling.Drawn> draw(List<PromptRows.Prompt> prompts, long seed, EpisodeTraces.Name name) {
    return replay.isPresent()
        ? replayed(prompts, replay.get(), name)
        : sampling.draw(prompts, seed);
  }

  private static List<Sampling.Drawn> replayed(
      List<PromptRows.Prompt> prompts, EpisodeTraces replay, EpisodeTraces.Name name) {
    List<EpisodeTraces.Trace> found = replay.read(name);
    List<Sampling.Drawn> drawn = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      if (i >= found.size() || !Arrays.equals(found.get(i).prompt(), prompts.get(i).ids())) {
        throw new TrainingException(
            ("The trace %s of %s has another prompt at line %s; replay a run of the same data,"
                    + " seed and options")
                .formatted(name, replay.folder(), i + 1));
      }
      drawn.add(new Sampling.Drawn(prompts.get(i), found.get(i).turns()));
    }
    return drawn;
  }

  /** Writes scored completions to the traces, if there are any. */
  void record(EpisodeTraces.Name name, List<Sampling.Drawn> drawn, BatchRewards rewards) {
    if (traces.isPresent()) {
      List<EpisodeTraces.Trace> all = new ArrayList<>();
      for (int i = 0; i < drawn.size(); i++) {
        int at = i;
        Map<String, Double> scores = new LinkedHashMap<>();
        rewards.metrics().forEach((reward, numbers) -> scores.put(reward, numbers[at]));
        all.add(
            new EpisodeTraces.Trace(
                drawn.get(i).prompt().ids(), drawn.get(i).turns(), scores, rewards.total()[i]));
      }
      traces.get().write(name, all);
    }
  }
}
