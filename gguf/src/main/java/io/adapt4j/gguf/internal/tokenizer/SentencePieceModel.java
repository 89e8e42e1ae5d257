package io.adapt4j.gguf.internal.tokenizer;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@code tokenizer.model} of SentencePiece: a protocol buffer with the pieces, their scores and
 * their types.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SentencePieceModel(
    List<Piece> pieces, int type, boolean prependsSpace, boolean mergesSpaces, byte[] characters) {

  private static final int MAX_BYTES = 1 << 28;
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED32 = 5;
  private static final int PIECES = 1;
  private static final int TRAINER = 2;
  private static final int NORMALIZER = 3;
  private static final int MODEL_TYPE = 3;
  private static final int CHARACTERS = 2;
  private static final int DUMMY_PREFIX = 3;
  private static final int EXTRA_SPACES = 4;
  private static final int UNIGRAM = 1;
  private static final int BPE = 2;

  record Piece(String text, float score, int type) {}

  static SentencePieceModel read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw damaged(file, "more than " + MAX_BYTES + " bytes", null);
      }
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      List<Piece> pieces = new ArrayList<>();
      int type = UNIGRAM;
      boolean prepends = true;
      boolean merges = true;
      byte[] characters = {};
      while (bytes.hasRemaining()) {
        long tag = varint(bytes);
        if (tag == (PIECES << 3 | LENGTH)) {
          pieces.add(piece(message(bytes)));
        } else if (tag == (TRAINER << 3 | LENGTH)) {
          type = (int) number(message(bytes), MODEL_TYPE, UNIGRAM);
        } else if (tag == (NORMALIZER << 3 | LENGTH)) {
          ByteBuffer normalizer = message(bytes);
          prepends = number(normalizer.rewind(), DUMMY_PREFIX, 1) != 0;
          merges = number(normalizer.rewind(), EXTRA_SPACES, 1) != 0;
          characters = bytes(normalizer.rewind(), CHARACTERS);
        } else {
          skip(bytes, (int) (tag & 7));
        }
      }
      return new SentencePieceModel(List.copyOf(pieces), type, prepends, merges, characters);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw damaged(file, "something else", e);
    } catch (IOException e) {
      throw new CheckpointException(file + ": reading failed: " + e + ".", e);
    }
  }

  /** Returns whether it is a BPE model. */
  boolean mergesPairs() {
    return type == BPE;
  }

  /** Returns whether it is a Unigram model. */
  boolean choosesPieces() {
    return type == UNIGRAM;
  }

  private static CheckpointException damaged(Path file, String found, @Nullable Throwable cause) {
    return new CheckpointException(
        file + ": expected a SentencePiece model, found " + found + ". Download the file again.",
        cause);
  }

  private static Piece piece(ByteBuffer bytes) {
    String text = "";
    float score = 0;
    int type = 1;
    while (bytes.hasRemaining()) {
      long tag = varint(bytes);
      if (tag == (1 << 3 | LENGTH)) {
        text = StandardCharsets.UTF_8.decode(message(bytes)).toString();
      } else if (tag == (2 << 3 | FIXED32)) {
        score = bytes.getFloat();
      } else if (tag == (3 << 3 | VARINT)) {
        type = (int) varint(bytes);
      } else {
        skip(bytes, (int) (tag & 7));
      }
    }
    return new Piece(text, score, type);
  }

  /** Reads an integer field of a message. */
  private static long number(ByteBuffer bytes, int field, long absent) {
    long value = absent;
    while (bytes.hasRemaining()) {
      long tag = varint(bytes);
      if (tag == ((long) field << 3 | VARINT)) {
        value = varint(bytes);
      } else {
        skip(bytes, (int) (tag & 7));
      }
    }
    return value;
  }

  /** Reads a bytes field of a message; empty if absent. */
  private static byte[] bytes(ByteBuffer bytes, int field) {
    byte[] value = {};
    while (bytes.hasRemaining()) {
      long tag = varint(bytes);
      if (tag == ((long) field << 3 | LENGTH)) {
        ByteBuffer content = message(bytes);
        value = new byte[content.remaining()];
        content.get(value);
      } else {
        skip(bytes, (int) (tag & 7));
      }
    }
    return value;
  }

  private static ByteBuffer message(ByteBuffer bytes) {
    int length = Math.toIntExact(Math.min(varint(bytes), Integer.MAX_VALUE));
    if (length < 0 || length > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer message = bytes.slice(bytes.position(), length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(bytes.position() + length);
    return message;
  }

  private static void skip(ByteBuffer bytes, int wireType) {
    switch (wireType) {
      case VARINT -> varint(bytes);
      case FIXED64 -> bytes.getLong();
      case LENGTH -> message(bytes);
      case FIXED32 -> bytes.getInt();
      default -> throw new IllegalArgumentException("wire type " + wireType);
    }
  }

  private static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = bytes.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than 64 bits");
  }
}
