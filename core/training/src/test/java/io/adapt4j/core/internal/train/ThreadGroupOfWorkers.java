package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Workers in threads of one process, which hand each other arrays. */
public final class ThreadGroupOfWorkers {

  private final int size;
  private final CyclicBarrier barrier;
  private final List<byte[]> said;
  private final List<List<float[]>> gradients;
  private final List<float[]> sums = new ArrayList<>();

  private ThreadGroupOfWorkers(int size) {
    this.size = size;
    this.barrier = new CyclicBarrier(size);
    this.said = new ArrayList<>(Collections.nCopies(size, new byte[0]));
    this.gradients = new ArrayList<>(Collections.nCopies(size, List.of()));
  }

  /** What a worker does. */
  @FunctionalInterface
  public interface Work<T> {
    T apply(WorkerGroup group) throws Exception;
  }

  /** Has so many workers do the same at once. */
  public static <T> List<T> run(int workers, Work<T> work) throws Exception {
    ThreadGroupOfWorkers all = new ThreadGroupOfWorkers(workers);
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    try {
      List<Future<T>> running = new ArrayList<>();
      for (int rank = 0; rank < workers; rank++) {
        WorkerGroup group = all.new Worker(rank);
        running.add(
            threads.submit(
                () -> {
                  try {
                    return work.apply(group);
                  } catch (Exception | Error e) {
                    all.barrier.reset();
                    throw e;
                  }
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> worker : running) {
        results.add(worker.get(60, TimeUnit.SECONDS));
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  private void await() {
    try {
      barrier.await(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Worker implements WorkerGroup {

    private final int rank;

    Worker(int rank) {
      this.rank = rank;
    }

    @Override
    public int rank() {
      return rank;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public void add(List<Tensor> own, int contributors) {
      ThreadGroupOfWorkers.this.gradients.set(rank, own.stream().map(Tensor::toFloats).toList());
      await();
      if (rank == 0) {
        for (int other = 0; other < contributors; other++) {
          addTo(sums, gradients.get(other));
        }
      }
      await();
    }

    private void addTo(List<float[]> sum, List<float[]> more) {
      if (sum.isEmpty()) {
        more.forEach(array -> sum.add(array.clone()));
        return;
      }
      for (int i = 0; i < more.size(); i++) {
        for (int j = 0; j < more.get(i).length; j++) {
          sum.get(i)[j] += more.get(i)[j];
        }
      }
    }

    @Override
    public void sum(List<Tensor> own) {
      await();
      for (int i = 0; i < own.size(); i++) {
        try (Tensor sum = Tensor.of(sums.get(i), own.get(i).sizes())) {
          own.get(i).copyFrom(sum);
        }
      }
      await();
      if (rank == 0) {
        sums.clear();
      }
      await();
    }

    @Override
    public List<byte[]> exchange(byte[] own) {
      said.set(rank, own);
      await();
      List<byte[]> all = List.copyOf(said);
      await();
      return all;
    }
  }
}
