package io.adapt4j.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What SentencePiece normalizes characters by: a double array over their bytes, whose leaves point
 * at the texts that replace them. Each node has 256 places of its own, which wastes space.
 */
final class CharacterMap {

  private static final int PLACES = 256;
  private static final int LEAF = 1 << 8;
  private static final int VALUE = 1 << 31;

  private final List<int[]> blocks = new ArrayList<>();

  private CharacterMap() {}

  /** A node of a trie over bytes. */
  private static final class Node {
    private final Map<Integer, Node> children = new TreeMap<>();
    private int value = -1;
  }

  static String encoded(Map<String, String> replacements) {
    Node root = new Node();
    StringBuilder texts = new StringBuilder();
    new TreeMap<>(replacements)
        .forEach(
            (from, to) -> {
              Node node = root;
              for (byte b : from.getBytes(StandardCharsets.UTF_8)) {
                node = node.children.computeIfAbsent(b & 0xff, key -> new Node());
              }
              node.value = texts.toString().getBytes(StandardCharsets.UTF_8).length;
              texts.append(to).append('\0');
            });
    CharacterMap map = new CharacterMap();
    map.blocks.add(new int[PLACES]);
    map.place(root, 0);
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + map.blocks.size() * PLACES * 4 + 4 * texts.length())
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(map.blocks.size() * PLACES * 4);
    map.blocks.forEach(
        block -> {
          for (int unit : block) {
            bytes.putInt(unit);
          }
        });
    bytes.put(texts.toString().getBytes(StandardCharsets.UTF_8));
    byte[] written = new byte[bytes.position()];
    bytes.flip().get(written);
    return Base64.getEncoder().encodeToString(written);
  }

  /** Gives a node, whose own unit is at an index, a block for what is below it. */
  private void place(Node node, int index) {
    int base = blocks.size() * PLACES;
    int[] own = new int[PLACES];
    // Places that are taken by nothing have a label that no byte has.
    Arrays.fill(own, VALUE);
    blocks.add(own);
    int[] block = blocks.get(index / PLACES);
    block[index % PLACES] |= (index ^ base) << 10;
    if (node.value >= 0) {
      block[index % PLACES] |= LEAF;
      own[0] = VALUE | node.value;
    }
    node.children.forEach(
        (label, child) -> {
          own[label] = label;
          place(child, base + label);
        });
  }
}
