package io.adapt4j.core.internal.merge;

import io.adapt4j.core.method.MergeMethod;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Values of one tensor in the models to merge. They are read each time they are asked for, so that
 * the memory of a merge does not grow with the number of models.
 *
 * @param base values of the base; empty if the members are differences already
 */
public record MergeInputs(
    List<Long> sizes, Optional<Supplier<float[]>> base, List<Member> members, Draws draws) {

  /** A model's values of the tensor. */
  public record Member(Supplier<float[]> values, double weight, double density) {}

  /** Source of uniform random numbers in [0, 1), the same at every call. */
  @FunctionalInterface
  public interface Draws {

    /** Returns a number for each value of a member's tensor. */
    float[] uniforms(int member, int count);

    /** Returns numbers that differ by tensor and member. */
    static Draws seeded(long seed, String tensor) {
      return (member, count) -> {
        SplittableRandom random =
            new SplittableRandom(seed * 31 + tensor.hashCode() + ((long) member << Integer.SIZE));
        float[] uniforms = new float[count];
        for (int i = 0; i < count; i++) {
          uniforms[i] = (random.nextInt() >>> 8) * 0x1p-24f;
        }
        return uniforms;
      };
    }
  }

  /** Copies the lists. */
  public MergeInputs {
    sizes = List.copyOf(sizes);
    members = List.copyOf(members);
  }

  float[] values(int member) {
    return members.get(member).values().get();
  }

  /** Returns a member's difference from the base, a new array. */
  float[] difference(int member) {
    float[] values = values(member);
    if (base.isEmpty()) {
      return values;
    }
    float[] from = base.get().get();
    for (int i = 0; i < values.length; i++) {
      values[i] -= from[i];
    }
    return values;
  }

  /** Returns a member's difference, pruned. */
  float[] pruned(int member, Pruning pruning, MergeMethod method) {
    float[] difference = difference(member);
    pruning.apply(
        difference,
        sizes,
        members.get(member).density(),
        method,
        () -> draws.uniforms(member, difference.length));
    return difference;
  }

  float weight(int member) {
    return (float) members.get(member).weight();
  }

  /** Adds the base to a merged difference in place. */
  float[] plusBase(float[] difference) {
    base.ifPresent(
        values -> {
          float[] from = values.get();
          for (int i = 0; i < difference.length; i++) {
            difference[i] += from[i];
          }
        });
    return difference;
  }
}
