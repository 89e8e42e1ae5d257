package io.adapt4j.core.internal.task.distillation;

import com.google.common.primitives.Longs;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** The first 128 bits of a hash of a row's tokens and targets, without padding. */
final class RowHash {

  private RowHash() {}

  static String of(Batch batch, int row) {
    MessageDigest digest = FileDigest.sha256();
    for (int i = row * batch.length(); i < (row + 1) * batch.length(); i++) {
      if (batch.attentionMask()[i] == 1) {
        add(digest, batch.ids()[i], batch.labels()[i]);
      }
    }
    return text(digest);
  }

  static String of(int[] ids, int[] labels) {
    MessageDigest digest = FileDigest.sha256();
    for (int i = 0; i < ids.length; i++) {
      add(digest, ids[i], labels[i]);
    }
    return text(digest);
  }

  private static void add(MessageDigest digest, long id, long label) {
    digest.update(Longs.toByteArray(id));
    digest.update(Longs.toByteArray(label));
  }

  private static String text(MessageDigest digest) {
    ByteBuffer found = ByteBuffer.wrap(digest.digest());
    return "%016x%016x".formatted(found.getLong(), found.getLong());
  }
}
