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
 * fails to decrypt. Each direction has its own key, derived from that of the session.
 */
final class EncryptedWire extends Wire {

  private static final int RECORD_BYTES = 1 << 16;
  private static final int TAG_BYTES = 16;
  private static final int NONCE_BYTES = 12;
  private static final String CIPHER = "AES/GCM/NoPadding";

  private final Direction out;
  private final Direction in;
  private final ByteBuffer sent = ByteBuffer.allocate(Integer.BYTES + RECORD_BYTES + TAG_BYTES);
  private final ByteBuffer received = ByteBuffer.allocate(RECORD_BYTES + TAG_BYTES);
  private final ByteBuffer plain = ByteBuffer.allocate(RECORD_BYTES).limit(0);

  EncryptedWire(SocketChannel channel, Runnable progress, byte[] session, boolean connects) {
    super(channel, progress);
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

    void apply(ByteBuffer source, ByteBuffer target) throws IOException {
      byte[] nonce = new byte[NONCE_BYTES];
      ByteBuffer.wrap(nonce).putLong(NONCE_BYTES - Long.BYTES, records++);
      try {
        cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
        cipher.doFinal(source, target);
      } catch (GeneralSecurityException e) {
        throw new IOException("a record was changed on the way", e);
      }
    }
  }

  @Override
  void write(ByteBuffer source) throws IOException {
    int end = source.limit();
    while (source.position() < end) {
      int some = Math.min(end - source.position(), RECORD_BYTES);
      sent.clear().putInt(some + TAG_BYTES);
      out.apply(source.limit(source.position() + some), sent);
      super.write(sent.flip());
    }
  }

  @Override
  void read(ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (!plain.hasRemaining()) {
        decrypt();
      }
      int some = Math.min(plain.remaining(), target.remaining());
      target.put(plain.slice(plain.position(), some));
      plain.position(plain.position() + some);
    }
  }

  private void decrypt() throws IOException {
    super.read(received.clear().limit(Integer.BYTES));
    int bytes = received.getInt(0);
    if (bytes <= TAG_BYTES || bytes > RECORD_BYTES + TAG_BYTES) {
      throw new IOException("a record was changed on the way");
    }
    super.read(received.clear().limit(bytes));
    in.apply(received.flip(), plain.clear());
    plain.flip();
  }
}
