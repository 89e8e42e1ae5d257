package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Length-prefixed AES-256-GCM records. Records are numbered, so a replayed, dropped or modified one
 * fails to decrypt. Each direction has its own key.
 */
final class EncryptedWire implements Wire {

  private static final int RECORD_BYTES = 1 << 16;
  private static final int TAG_BYTES = 16;
  private static final int NONCE_BYTES = 12;
  private static final int HEAD_BYTES = Integer.BYTES;
  private static final String CIPHER = "AES/GCM/NoPadding";

  private final SocketChannel channel;
  private final Direction out;
  private final Direction in;
  private final ByteBuffer plainOut = ByteBuffer.allocate(RECORD_BYTES);
  private final ByteBuffer wireOut =
      ByteBuffer.allocate(HEAD_BYTES + RECORD_BYTES + TAG_BYTES).limit(0);
  private final ByteBuffer wireIn = ByteBuffer.allocate(2 * wireOut.capacity());
  private final ByteBuffer plainIn = ByteBuffer.allocate(RECORD_BYTES).limit(0);

  EncryptedWire(SocketChannel channel, byte[] session, boolean connects) {
    this.channel = channel;
    this.out = new Direction(Cipher.ENCRYPT_MODE, session, connects);
    this.in = new Direction(Cipher.DECRYPT_MODE, session, !connects);
  }

  /** The cipher of one direction with its record counter. */
  private static final class Direction {

    private final int mode;
    private final SecretKeySpec key;
    private final Cipher cipher;
    private long records;

    Direction(int mode, byte[] session, boolean fromConnecting) {
      this.mode = mode;
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(session, "HmacSHA256"));
        String name = fromConnecting ? "from the connecting end" : "from the accepting end";
        this.key = new SecretKeySpec(mac.doFinal(name.getBytes(StandardCharsets.US_ASCII)), "AES");
        this.cipher = Cipher.getInstance(CIPHER);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("This JVM has no " + CIPHER, e);
      }
    }

    void apply(ByteBuffer source, ByteBuffer target) throws GeneralSecurityException {
      byte[] nonce = new byte[NONCE_BYTES];
      ByteBuffer.wrap(nonce).putLong(NONCE_BYTES - Long.BYTES, records++);
      cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
      cipher.doFinal(source, target);
    }
  }

  @Override
  public long write(ByteBuffer[] source, int offset, int count) throws IOException {
    long taken = 0;
    while (flush()) {
      int some = gather(source, offset, count);
      if (some == 0) {
        break;
      }
      taken += some;
      try {
        wireOut.clear().putInt(some + TAG_BYTES);
        out.apply(plainOut.flip(), wireOut);
        wireOut.flip();
      } catch (GeneralSecurityException e) {
        throw new IOException("encrypting failed", e);
      }
    }
    return taken;
  }

  /** Sends pending encrypted bytes; returns whether all were sent. */
  private boolean flush() throws IOException {
    while (wireOut.hasRemaining()) {
      if (channel.write(wireOut) == 0) {
        return false;
      }
    }
    return true;
  }

  private int gather(ByteBuffer[] source, int offset, int count) {
    plainOut.clear();
    for (int i = offset; i < offset + count && plainOut.hasRemaining(); i++) {
      move(source[i], plainOut);
    }
    return plainOut.position();
  }

  private static int move(ByteBuffer source, ByteBuffer target) {
    int some = Math.min(source.remaining(), target.remaining());
    ByteBuffer part = source.duplicate().limit(source.position() + some);
    target.put(part);
    source.position(source.position() + some);
    return some;
  }

  @Override
  public long read(ByteBuffer[] target, int offset, int count) throws IOException {
    long given = 0;
    boolean ended = false;
    while (true) {
      for (int i = offset; i < offset + count && plainIn.hasRemaining(); i++) {
        given += move(plainIn, target[i]);
      }
      if (plainIn.hasRemaining() || ended) {
        break;
      }
      if (!decrypt()) {
        int read = channel.read(wireIn);
        ended = read < 0;
        if (read <= 0) {
          break;
        }
      }
    }
    return given == 0 && ended ? -1 : given;
  }

  /** Decrypts the next record; false if it is incomplete. */
  private boolean decrypt() throws IOException {
    wireIn.flip();
    try {
      if (wireIn.remaining() < HEAD_BYTES) {
        return false;
      }
      int bytes = wireIn.getInt(wireIn.position());
      if (bytes < TAG_BYTES || bytes > RECORD_BYTES + TAG_BYTES) {
        throw new IOException("a record was changed on the way");
      }
      if (wireIn.remaining() < HEAD_BYTES + bytes) {
        return false;
      }
      int start = wireIn.position() + HEAD_BYTES;
      in.apply(wireIn.slice(start, bytes), plainIn.clear());
      plainIn.flip();
      wireIn.position(start + bytes);
      return true;
    } catch (GeneralSecurityException e) {
      throw new IOException("a record was changed on the way", e);
    } finally {
      wireIn.compact();
    }
  }

  @Override
  public boolean hasRead() {
    return plainIn.hasRemaining() || wireIn.position() >= HEAD_BYTES;
  }

  @Override
  public boolean hasUnwritten() {
    return wireOut.hasRemaining();
  }

  @Override
  public SocketChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    Sockets.close(channel);
  }
}
