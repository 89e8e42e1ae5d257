package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.kernels.internal.AllKernels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * 32 callers that start, cancel and are refused at random, while adapters come and go: each answer
 * is what the request gets alone, none is lost, and nothing stays behind. For 5 seconds, or as many
 * as {@code -Dadapt4j.callers.seconds} says.
 */
@Timeout(300)
class ManyCallersTest {

  private static final int CALLERS = 32;
  private static final int KINDS = 8;
  private static final long SECONDS = Long.getLong("adapt4j.callers.seconds", 5);

  /** What the allocator may keep of memory that was freed. */
  private static final long GROWTH = 128L << 20;

  @TempDir private static Path folder;

  private static Map<String, Path> adapters;

  private final AtomicInteger started = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger cancelled = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();

  /** What each kind of request gets alone, by its adapter; "" for none. */
  private final Map<String, List<Generation>> alone = new LinkedHashMap<>();

  @BeforeAll
  static void writeAdapters() {
    assumeThat(AllKernels.ofLayers()).isNotEmpty();
    adapters = AdaptersOfRequestsTest.write(folder);
  }

  private static LanguageModel load() {
    return LanguageModel.load(ModelSource.path(AdaptersOfRequestsTest.BASE), Precision.FP32);
  }

  private static Generation ask(LanguageModel model, int kind, CancellationToken token) {
    int[] prompt = new SplittableRandom(kind).ints(2 + 19L * (kind % 4), 3, 38).toArray();
    GenerationOptions options =
        GenerationOptions.builder()
            .maxNewTokens(4 + 6 * kind)
            .temperature(kind % 2 == 0 ? 0 : 0.9)
            .seed(kind)
            .promptLookupTokens(kind % 3 == 0 ? 3 : 0)
            .ignoreEos(true)
            .ignoreContextLength(true)
            .build();
    return model.generate(prompt, options, text -> {}, token);
  }

  @Test
  void nothingIsLostWrongOrLeftBehind() throws Exception {
    long before = Tensor.live();
    try (LanguageModel model = load()) {
      for (String name : List.of("", "plain", "single", "magnitudes")) {
        if (!name.isEmpty()) {
          model.addAdapter(name, Adapter.at(adapters.get(name)));
        }
        LanguageModel view = name.isEmpty() ? model : model.withAdapter(name);
        List<Generation> answers = new ArrayList<>();
        for (int kind = 0; kind < KINDS; kind++) {
          answers.add(ask(view, kind, new CancellationToken()));
        }
        alone.put(name, answers);
      }
      model.limitPromptCache(0);
      model.limitRequests(12, 14, 1L << 30);
      long live = Tensor.live();
      run(model, Math.max(1, SECONDS / 2));
      long resident = residentBytes();
      run(model, Math.max(1, SECONDS / 2));
      assertThat(residentBytes() - resident).as("growth of memory").isLessThan(GROWTH);
      assertThat(Tensor.live()).as("tensors").isEqualTo(live);
      assertThat(answered.get() + cancelled.get() + refused.get())
          .as("of %d requests", started.get())
          .isEqualTo(started.get());
      assertThat(List.of(answered, cancelled, refused)).allMatch(count -> count.get() > 0);
      assertThat(requestThreads()).isLessThanOrEqualTo(1);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private void run(LanguageModel model, long seconds) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    ExecutorService threads = Executors.newCachedThreadPool();
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    List<Future<?>> all = new ArrayList<>();
    for (int caller = 0; caller < CALLERS; caller++) {
      SplittableRandom random = new SplittableRandom(caller);
      all.add(
          threads.submit(
              () -> {
                while (System.nanoTime() < end) {
                  call(model, random, timer);
                }
              }));
    }
    all.add(
        threads.submit(
            () -> {
              while (System.nanoTime() < end) {
                model.replaceAdapter("plain", Adapter.at(adapters.get("plain")));
                model.addAdapter("more", Adapter.at(adapters.get("stabilized")));
                model.removeAdapter("more");
              }
            }));
    for (Future<?> future : all) {
      future.get();
    }
    timer.shutdown();
    threads.shutdown();
    assertThat(timer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  private void call(LanguageModel model, SplittableRandom random, ScheduledExecutorService timer) {
    List<String> names = List.copyOf(alone.keySet());
    String name = names.get(random.nextInt(names.size()));
    int kind = random.nextInt(KINDS);
    CancellationToken token = new CancellationToken();
    if (random.nextInt(3) == 0) {
      Future<?> unused =
          timer.schedule(token::cancel, random.nextInt(20_000), TimeUnit.MICROSECONDS);
    }
    started.incrementAndGet();
    try {
      Generation found = ask(name.isEmpty() ? model : model.withAdapter(name), kind, token);
      Generation wanted = alone.get(name).get(kind);
      if (found.finishReason() == FinishReason.CANCELLED) {
        cancelled.incrementAndGet();
        assertThat(found.tokenIds())
            .isEqualTo(wanted.tokenIds().subList(0, found.tokenIds().size()));
      } else {
        answered.incrementAndGet();
        assertThat(found).as("%s, kind %d", name, kind).isEqualTo(wanted);
      }
    } catch (TooManyRequestsException e) {
      refused.incrementAndGet();
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long requestThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("adapt4j-requests"))
        .count();
  }

  /** What of the process is in memory beside the Java heap; 0 where that is not known. */
  private static long residentBytes() throws Exception {
    Path status = Path.of("/proc/self/statm");
    System.gc();
    return Files.exists(status)
        ? Long.parseLong(Files.readString(status).split(" ", -1)[1]) * 4096
            - Runtime.getRuntime().totalMemory()
        : 0;
  }
}
