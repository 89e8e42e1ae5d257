package io.adapt4j.core.tokenize;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.AddressSpace;
import io.adapt4j.core.internal.CudaProbe;
import io.adapt4j.core.internal.NativeCache;
import io.adapt4j.core.internal.NativePlatform;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Owner of a native tokenizer. It calls DJL's native binding directly: DJL's own tokenizer class
 * reports its use over the network and copies eight arrays for every text. Truncation and padding
 * saved in the file are disabled. Thread-safe: closing waits for calls in progress.
 */
final class NativeTokenizer implements AutoCloseable {

  private static final String OFFLINE = "ai.djl.offline";

  /**
   * Bytes that the native side may need for anything; it ends the process if an allocation fails.
   */
  private static final long LEAST_ROOM = 4 << 20;

  /** Bytes that it may need per character of a text or a file. */
  private static final long ROOM_OF_CHARACTER = 256;

  /**
   * Null if the library cannot be loaded; the reason is reported at every attempt, not only the
   * first.
   */
  private static final @Nullable TokenizersLibrary LIBRARY;

  private static final @Nullable Throwable FAILURE;

  static {
    TokenizersLibrary started = null;
    Throwable failure = null;
    try {
      NativeCache.verifyTokenizers(NativeTokenizer.class.getClassLoader());
      TokenizersLibrary[] found = new TokenizersLibrary[1];
      CudaProbe.without(() -> found[0] = start());
      started = found[0];
    } catch (RuntimeException | LinkageError | AssertionError e) {
      failure = e;
    }
    LIBRARY = started;
    FAILURE = failure;
  }

  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final String name;
  private long handle;

  NativeTokenizer(String name, String json) {
    if (FAILURE != null) {
      Throwable reason = FAILURE.getCause() == null ? FAILURE : FAILURE.getCause();
      throw new EngineException(
          "the native library of the tokenizers was not loaded: "
              + reason.getMessage()
              + NativePlatform.problem().map(problem -> ". " + problem).orElse(""),
          FAILURE);
    }
    this.name = name;
    AddressSpace.requireMemory(
        LEAST_ROOM + ROOM_OF_CHARACTER * json.length(), "the tokenizer of " + name);
    this.handle = library().createTokenizerFromString(json);
    library().disableTruncation(handle);
    library().disablePadding(handle);
  }

  /** Opens the tokenizer of a folder; errors name a file that it cannot use. */
  static NativeTokenizer open(Path folder, TokenizerFile file) {
    try {
      return new NativeTokenizer(folder.toString(), file.text());
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new CheckpointException(
          file.path()
              + ": the tokenizers library cannot use it: "
              + e.getMessage()
              + ". Download the file again, or save it with a current version of Transformers.",
          e);
    }
  }

  /** Returns token ids without any added tokens. */
  int[] encode(String text) {
    requireRoom(text.length());
    return locked(
        () -> {
          long encoding = library().encode(handle, text, false);
          try {
            return narrow(library().getTokenIds(encoding));
          } finally {
            library().deleteEncoding(encoding);
          }
        });
  }

  /** Returns the token ids of each text; the native side distributes the texts over its threads. */
  List<int[]> encodeAll(List<String> texts) {
    requireRoom(texts.stream().mapToLong(String::length).sum());
    return locked(
        () -> {
          long[] encodings = library().batchEncode(handle, texts.toArray(new String[0]), false);
          try {
            return Arrays.stream(encodings)
                .mapToObj(encoding -> narrow(library().getTokenIds(encoding)))
                .toList();
          } finally {
            for (long encoding : encodings) {
              library().deleteEncoding(encoding);
            }
          }
        });
  }

  /** Offsets are in code points, as the native side counts them. */
  Encoding encodeWithOffsets(String text) {
    requireRoom(text.length());
    return locked(() -> take(library().encode(handle, text, false)));
  }

  /** Encodes with offsets computed from the spelling of the tokens if possible. */
  Encoding encodeWithOffsets(String text, SpelledOffsets spelled) {
    requireRoom(text.length());
    return locked(
        () ->
            take(
                library().encode(handle, text, false),
                (ids, starts, ends) -> spelled.find(text, ids, starts, ends)));
  }

  /** Encodes a text with the file's post-processor; offsets in code points. */
  Encoding encodeFramed(String text) {
    requireRoom(text.length());
    return locked(() -> take(library().encode(handle, text, true)));
  }

  /** Encodes a pair with the file's post-processor; offsets in code points of each text. */
  Encoding encodeFramed(String first, String second) {
    requireRoom((long) first.length() + second.length());
    return locked(() -> take(library().encodeDual(handle, first, second, true)));
  }

  String decode(int[] ids, int from, int to, boolean skipSpecialTokens) {
    long[] wide = new long[to - from];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = ids[from + i];
    }
    return locked(() -> library().decode(handle, wide, skipSpecialTokens));
  }

  @Override
  public void close() {
    Lock writing = lock.writeLock();
    writing.lock();
    try {
      if (handle != 0) {
        library().deleteTokenizer(handle);
        handle = 0;
      }
    } finally {
      writing.unlock();
    }
  }

  private void requireRoom(long characters) {
    AddressSpace.requireMemory(
        LEAST_ROOM + ROOM_OF_CHARACTER * characters,
        "tokenizing a text of " + characters + " characters");
  }

  private interface Call<T> {
    T run();
  }

  private <T> T locked(Call<T> call) {
    Lock reading = lock.readLock();
    reading.lock();
    try {
      if (handle == 0) {
        throw new IllegalStateException(
            "the tokenizer of " + name + " is closed; load it again or close it later");
      }
      return call.run();
    } catch (RuntimeException e) {
      throw e.getClass() == RuntimeException.class ? refused(e) : e;
    } finally {
      reading.unlock();
    }
  }

  /**
   * The native side fails this way for a text for which the vocabulary has no token, not even an
   * unknown one.
   */
  private CheckpointException refused(RuntimeException failure) {
    return new CheckpointException(
        name
            + ": the tokenizers library cannot read a text with its tokenizer.json: "
            + failure.getMessage()
            + ". Give it an unknown token, or download the file again.",
        failure);
  }

  /** Finds offsets without the native side. */
  private interface Offsets {
    boolean find(int[] ids, int[] starts, int[] ends);
  }

  private static Encoding take(long encoding) {
    return take(encoding, (ids, starts, ends) -> false);
  }

  /** Copies a native encoding and frees it. */
  private static Encoding take(long encoding, Offsets known) {
    try {
      int[] ids = narrow(library().getTokenIds(encoding));
      int[] typeIds = narrow(library().getTypeIds(encoding));
      long[] specialMask = library().getSpecialTokenMask(encoding);
      int[] starts = new int[ids.length];
      int[] ends = new int[ids.length];
      boolean[] special = new boolean[ids.length];
      for (int i = 0; i < ids.length; i++) {
        special[i] = specialMask[i] != 0;
      }
      if (!known.find(ids, starts, ends)) {
        takeSpans(encoding, starts, ends);
      }
      int[] pieces = narrow(library().getWordIds(encoding));
      return new Encoding(ids, typeIds, starts, ends, special, pieces);
    } finally {
      library().deleteEncoding(encoding);
    }
  }

  /** Creates an object per token, which takes as long as the tokenization. */
  private static void takeSpans(long encoding, int[] starts, int[] ends) {
    CharSpan[] spans = library().getTokenCharSpans(encoding);
    for (int i = 0; i < spans.length; i++) {
      starts[i] = spans[i] == null ? 0 : spans[i].getStart();
      ends[i] = spans[i] == null ? 0 : spans[i].getEnd();
    }
  }

  private static int[] narrow(long[] ids) {
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
    }
    return narrow;
  }

  /**
   * On a machine with a GPU, DJL would download another build of the tokenizer library. Offline it
   * uses the one on the class path, so DJL is offline only while this library loads; how it finds
   * libtorch is not this class's business.
   */
  private static TokenizersLibrary start() {
    String before = System.getProperty(OFFLINE);
    System.setProperty(OFFLINE, "true");
    try {
      LibUtils.checkStatus();
      return TokenizersLibrary.LIB;
    } finally {
      if (before == null) {
        System.clearProperty(OFFLINE);
      } else {
        System.setProperty(OFFLINE, before);
      }
    }
  }

  private static TokenizersLibrary library() {
    return Objects.requireNonNull(LIBRARY, "the constructor fails where there is none");
  }
}
