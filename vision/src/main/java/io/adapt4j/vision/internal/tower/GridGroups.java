package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Pictures, tiles or frames of a batch, grouped by their grid of patches: each group runs as one
 * batch without padding.
 */
record GridGroups(List<Group> groups, int entries) {

  /** Entries of the batch with the same grid. */
  record Group(int rows, int columns, List<Integer> entries) {

    int length() {
      return rows * columns;
    }

    int count() {
      return entries.size();
    }
  }

  private record Grid(int rows, int columns) {}

  /** Groups entries. */
  static GridGroups of(List<int[]> grids) {
    Map<Grid, List<Integer>> byGrid = new LinkedHashMap<>();
    for (int i = 0; i < grids.size(); i++) {
      Grid grid = new Grid(grids.get(i)[0], grids.get(i)[1]);
      byGrid.computeIfAbsent(grid, unused -> new ArrayList<>()).add(i);
    }
    List<Group> groups = new ArrayList<>();
    byGrid.forEach(
        (grid, members) -> {
          int atOnce = Math.max(1, PictureGrid.MOST_PATCHES / (grid.rows * grid.columns));
          for (int from = 0; from < members.size(); from += atOnce) {
            int to = Math.min(from + atOnce, members.size());
            groups.add(new Group(grid.rows, grid.columns, members.subList(from, to)));
          }
        });
    return new GridGroups(groups, grids.size());
  }

  /**
   * Computes each group's outputs and returns them in the order of the batch.
   *
   * @param compute returns one or more tensors [count, tokens, width]
   * @return [all tokens, width] each
   */
  List<Tensor> compute(Ops ops, Function<Group, List<Tensor>> compute) {
    List<List<Tensor>> outputs = groups.stream().map(compute).toList();
    List<Tensor> ordered = new ArrayList<>();
    for (int i = 0; i < outputs.get(0).size(); i++) {
      int which = i;
      ordered.add(ordered(ops, outputs.stream().map(output -> output.get(which)).toList()));
    }
    return ordered;
  }

  private Tensor ordered(Ops ops, List<Tensor> parts) {
    if (groups.size() == 1) {
      return TowerLayers.flat(ops, parts.get(0));
    }
    long[] starts = new long[entries];
    long[] tokens = new long[entries];
    long at = 0;
    for (int i = 0; i < parts.size(); i++) {
      for (int entry : groups.get(i).entries()) {
        starts[entry] = at;
        tokens[entry] = parts.get(i).size(1);
        at += tokens[entry];
      }
    }
    long[] index = new long[Math.toIntExact(at)];
    int to = 0;
    for (int entry = 0; entry < entries; entry++) {
      for (long token = 0; token < tokens[entry]; token++) {
        index[to++] = starts[entry] + token;
      }
    }
    return TowerLayers.rows(ops, TowerLayers.joined(ops, parts), index, at, parts.get(0).size(-1));
  }
}
