package io.adapt4j.benchmarks.retrieval;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/** Exact nearest neighbors: every query against every vector. */
final class ExactScan {

  private static final int BLOCK = 10_000;

  private record Near(long number, float cosine) {}

  private final List<float[]> questions;
  private final int nearest;
  private final List<PriorityQueue<Near>> best = new ArrayList<>();
  private long nanos;

  ExactScan(List<float[]> questions, int nearest) {
    this.questions = questions;
    this.nearest = nearest;
    questions.forEach(
        question -> best.add(new PriorityQueue<>(Comparator.comparingDouble(Near::cosine))));
  }

  /**
   * Runs the scan, generating vectors block by block, so that they need not fit into memory; only
   * scanning is timed.
   */
  void run(ClusteredVectors vectors, int count) {
    float[][] block = new float[Math.min(BLOCK, count)][];
    for (int start = 0; start < count; start += BLOCK) {
      int size = Math.min(BLOCK, count - start);
      for (int i = 0; i < size; i++) {
        block[i] = vectors.vector(start + i);
      }
      long begun = System.nanoTime();
      for (int q = 0; q < questions.size(); q++) {
        scan(questions.get(q), block, size, start, best.get(q));
      }
      nanos += System.nanoTime() - begun;
    }
  }

  private void scan(
      float[] question, float[][] block, int size, int start, PriorityQueue<Near> heap) {
    for (int i = 0; i < size; i++) {
      float cosine = dot(question, block[i]);
      if (heap.size() < nearest) {
        heap.add(new Near(start + i, cosine));
      } else if (cosine > heap.peek().cosine()) {
        heap.poll();
        heap.add(new Near(start + i, cosine));
      }
    }
  }

  /** Returns the inner product in eight parallel sums, which the compiler vectorizes. */
  private static float dot(float[] a, float[] b) {
    float[] sums = new float[8];
    int i = 0;
    for (; i + 8 <= a.length; i += 8) {
      for (int j = 0; j < 8; j++) {
        sums[j] = Math.fma(a[i + j], b[i + j], sums[j]);
      }
    }
    float sum = 0;
    for (; i < a.length; i++) {
      sum = Math.fma(a[i], b[i], sum);
    }
    for (float value : sums) {
      sum += value;
    }
    return sum;
  }

  Set<Long> nearest(int question) {
    Set<Long> numbers = new HashSet<>();
    best.get(question).forEach(near -> numbers.add(near.number()));
    return numbers;
  }

  double millisecondsPerQuestion() {
    return nanos / 1e6 / questions.size();
  }
}
