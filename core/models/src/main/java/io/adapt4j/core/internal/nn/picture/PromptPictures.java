package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.internal.nn.picture.PictureRule.Sight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The pictures of a prompt: their places, positions, and what sees later tokens because of them.
 */
public final class PromptPictures implements AutoCloseable {

  /** A prompt that is a text alone. */
  public static final PromptPictures NONE =
      new PromptPictures(new PictureRule(0, new int[0], Sight.CAUSAL, 1), 0, List.of(), List.of());

  /** Tokens that see each other. */
  public record Block(int from, int to) {}

  private final PictureRule rule;
  private final List<Insertion> runs;
  private final List<Pictures.Held> held;
  private final List<Block> blocks = new ArrayList<>();

  /** Positions of the prompt's tokens by axis; empty if they count tokens. */
  private final int[][] positions;

  private final int shift;
  private final int end;

  PromptPictures(PictureRule rule, int length, List<Insertion> runs, List<Pictures.Held> held) {
    this.rule = rule;
    this.runs = List.copyOf(runs);
    this.held = List.copyOf(held);
    boolean hasAxes = rule.hasAxes() && !runs.isEmpty();
    this.positions = hasAxes ? new int[PictureRule.AXES][length] : new int[0][];
    this.shift = hasAxes ? count(length) - length : 0;
    if (rule.sight() == Sight.PROMPT) {
      blocks.add(new Block(0, length));
    } else if (rule.sight() == Sight.PICTURE) {
      runs.forEach(this::addBlock);
    }
    int pictures = runs.isEmpty() ? 0 : endOf(runs.get(runs.size() - 1));
    this.end = blocks.isEmpty() ? pictures : Math.max(pictures, blocks.get(blocks.size() - 1).to);
  }

  private static int endOf(Insertion run) {
    return run.at() + run.count();
  }

  /** Adds the rows of a run, with those before it if they are next to each other. */
  private void addBlock(Insertion run) {
    int last = blocks.size() - 1;
    boolean goesOn = last >= 0 && blocks.get(last).to == run.at();
    Block block = new Block(goesOn ? blocks.get(last).from : run.at(), endOf(run));
    if (goesOn) {
      blocks.set(last, block);
    } else {
      blocks.add(block);
    }
  }

  /** Sets all positions: a picture takes as many as its longest side, and a token one. */
  private int count(int length) {
    int position = 0;
    int at = 0;
    for (Insertion run : runs) {
      position = countTokens(at, run.at(), position);
      int[][] places = run.picture().places();
      for (int axis = 0; axis < positions.length; axis++) {
        for (int i = 0; i < run.count(); i++) {
          int row = run.row() + i;
          positions[axis][run.at() + i] = position + (places.length == 0 ? i : places[axis][row]);
        }
      }
      position += places.length == 0 ? run.count() : run.picture().span();
      at = endOf(run);
    }
    return countTokens(at, length, position);
  }

  private int countTokens(int from, int to, int first) {
    for (int[] axis : positions) {
      for (int at = from; at < to; at++) {
        axis[at] = first + at - from;
      }
    }
    return first + to - from;
  }

  /** Returns the first place after which tokens need to know of pictures no more. */
  public int end() {
    return end;
  }

  /** Returns what the positions of tokens after the prompt's pictures differ by from places. */
  public int shift() {
    return shift;
  }

  /** Returns the axis of each rotary frequency; empty if positions count tokens. */
  public int[] axes() {
    return positions.length == 0 ? new int[0] : rule.axes();
  }

  /** Returns the position of a place, which may be behind the prompt. */
  public int position(int axis, int place) {
    return positions.length > 0 && place < positions[axis].length
        ? positions[axis][place]
        : place + shift;
  }

  /** Returns the blocks that begin in a pass, which contains them whole. */
  public List<Block> blocksIn(int from, int to) {
    return blocks.stream().filter(block -> block.from >= from && block.to <= to).toList();
  }

  /** Returns whether tokens of a pass have the positions of a text and see no later ones. */
  public boolean readsLikeText(int from, int to) {
    return positions.length == 0 && blocksIn(from, to).isEmpty();
  }

  /** Returns the end of a pass that divides no block: before the wanted end, or else after it. */
  public int passEnd(int from, int wanted) {
    return blocks.stream()
        .filter(block -> block.from < wanted && wanted < block.to)
        .mapToInt(block -> block.from > from ? block.from : block.to)
        .findFirst()
        .orElse(wanted);
  }

  /** Returns how much of a beginning is the same in a longer text: it divides no block. */
  public int whole(int tokens) {
    return blocks.stream()
        .filter(block -> block.from < tokens && tokens < block.to)
        .mapToInt(Block::from)
        .findFirst()
        .orElse(tokens);
  }

  /** Removes the places within blocks. */
  public int[] outsideBlocks(int[] places) {
    return Arrays.stream(places).filter(place -> whole(place) == place).toArray();
  }

  /** Returns the rows in a pass, whose first token has the given place in it. */
  public List<Insertion> rowsIn(int from, int to, int at) {
    return runs.stream()
        .filter(run -> run.at() < to && endOf(run) > from)
        .map(
            run -> {
              int first = Math.max(from, run.at());
              int last = Math.min(to, endOf(run));
              return new Insertion(
                  run.picture(), run.row() + first - run.at(), at + first - from, last - first);
            })
        .toList();
  }

  /** Releases the pictures. */
  @Override
  public void close() {
    held.forEach(Pictures.Held::close);
  }
}
