package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.generate.PromptCache;
import io.adapt4j.core.internal.generate.RequestScheduler;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A model in bf16 with its generator and request scheduler. */
public record Served(
    LoadedModel model, PromptCache prompts, Generator generator, RequestScheduler scheduler)
    implements AutoCloseable {

  public static Served load(Path folder) {
    LoadedModel model =
        LoadedModel.load(folder, Precision.BF16, WeightFormat.asStored(), List.of());
    PromptCache prompts = new PromptCache(model.decoder(), 0);
    Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
    RequestScheduler scheduler =
        new RequestScheduler(new ReentrantLock(true), generator, prompts, model.adapters());
    return new Served(model, prompts, generator, scheduler);
  }

  public Generation answer(int[] prompt, int tokens) {
    return scheduler.generate(
        prompt, Decoding.greedy(tokens), RequestScheduler.SILENT, new CancellationToken());
  }

  public Generation answer(String adapter, int[] prompt, int tokens) {
    return scheduler.generate(
        adapter, prompt, Decoding.greedy(tokens), RequestScheduler.SILENT, new CancellationToken());
  }

  public List<Generation> answerAll(List<int[]> prompts, int tokens) {
    return scheduler.generateAll(null, prompts, Decoding.greedy(tokens));
  }

  @Override
  public void close() {
    scheduler.close();
    prompts.close();
    model.close();
  }
}
