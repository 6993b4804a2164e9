// LMAX Disruptor 3.4 as a yardstick: single producer, busy spin, messages of 64 bytes. The round
// trip through two ring buffers, and the throughput of one. Every message must arrive once and in
// order. Java cannot pin its threads: the system places them.
//
// usage: DisruptorBench [repetitions [round trips]]

import com.lmax.disruptor.BatchEventProcessor;
import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import java.util.Arrays;

public final class DisruptorBench {
  private static final int SLOTS = 1024;
  private static final int BATCH = 32;
  private static final int STRETCH = 2 * SLOTS; // messages that are timed together
  private static final long MIX = 0x9E3779B97F4A7C15L;

  static final class Message {
    long sequence;
    long word1;
    long word2;
    long word3;
    long word4;
    long word5;
    long word6;
    long word7;

    void write(long number) {
      sequence = number;
      word1 = word2 = word3 = word4 = word5 = word6 = word7 = number * MIX;
    }

    boolean is(long number) {
      return sequence == number && word7 == number * MIX;
    }
  }

  private static RingBuffer<Message> newRing() {
    return RingBuffer.createSingleProducer(Message::new, SLOTS, new BusySpinWaitStrategy());
  }

  /** A ring buffer whose messages one handler takes on a thread of its own. */
  private static final class Consumer {
    final BatchEventProcessor<Message> processor;
    final Thread thread;

    Consumer(RingBuffer<Message> ring, EventHandler<Message> handler, String name) {
      processor = new BatchEventProcessor<>(ring, ring.newBarrier(), handler);
      ring.addGatingSequences(processor.getSequence());
      thread = new Thread(processor, name);
      thread.setDaemon(true);
      thread.start();
    }

    void stop() throws InterruptedException {
      processor.halt();
      thread.join();
    }
  }

  private static void roundTrips(int trips, String label) throws Exception {
    RingBuffer<Message> requests = newRing();
    RingBuffer<Message> replies = newRing();
    Sequence taken = new Sequence();
    replies.addGatingSequences(taken);
    SequenceBarrier barrier = replies.newBarrier();
    Consumer partner =
        new Consumer(
            requests,
            (message, sequence, isLast) -> {
              long slot = replies.next();
              replies.get(slot).write(message.sequence);
              replies.publish(slot);
            },
            "partner");
    int warmUp = Math.min(trips, 10_000);
    long[] tripNs = new long[trips];
    boolean isRight = true;
    long begin = System.nanoTime();
    long last = begin;
    for (int i = -warmUp; i < trips; ++i) {
      long number = i + (long) warmUp;
      long slot = requests.next();
      requests.get(slot).write(number);
      requests.publish(slot);
      barrier.waitFor(number);
      isRight &= replies.get(number).is(number);
      taken.set(number);
      long now = System.nanoTime();
      if (i >= 0) {
        tripNs[i] = now - last;
      } else {
        begin = now;
      }
      last = now;
    }
    partner.stop();
    check(isRight, "a message came back wrong");
    if (label == null) return;
    Arrays.sort(tripNs);
    System.out.printf(
        "disruptor round_trip/64 repetition=%s p50_ns=%d mean_ns=%d p99_ns=%d max_ns=%d%n",
        label,
        tripNs[trips / 2],
        (last - begin) / trips,
        tripNs[(int) (trips * 0.99)],
        tripNs[trips - 1]);
  }

  private static void throughput(int stretches, int batch, String label) throws Exception {
    RingBuffer<Message> ring = newRing();
    long[] next = {0};
    boolean[] isRight = {true};
    Consumer consumer =
        new Consumer(
            ring, (message, sequence, isLast) -> isRight[0] &= message.is(next[0]++), "consumer");
    long[] stretchNs = new long[stretches];
    long number = 0;
    long last = System.nanoTime();
    for (int stretch = 0; stretch < stretches; ++stretch) {
      for (int i = 0; i < STRETCH; i += batch) {
        long high = ring.next(batch);
        for (long slot = high - batch + 1; slot <= high; ++slot) ring.get(slot).write(number++);
        ring.publish(high - batch + 1, high);
      }
      long now = System.nanoTime();
      stretchNs[stretch] = now - last;
      last = now;
    }
    while (consumer.processor.getSequence().get() != number - 1) Thread.onSpinWait();
    consumer.stop();
    check(isRight[0] && next[0] == number, "a message was lost, doubled or out of order");
    if (label == null) return;
    Arrays.sort(stretchNs);
    System.out.printf(
        "disruptor throughput/%s/64 repetition=%s per_s=%.0f%n",
        batch == 1 ? "single" : "batch", label, 1e9 * STRETCH / stretchNs[stretches / 2]);
  }

  private static void check(boolean isRight, String whatIsWrong) {
    if (isRight) return;
    System.out.println("disruptor ERROR: " + whatIsWrong);
    System.exit(70);
  }

  public static void main(String[] arguments) throws Exception {
    int repetitions = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
    int trips = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 500_000;
    int stretches = Math.max(trips / STRETCH, 16);
    // The first runs are the compiler's.
    for (int i = 0; i < 3; ++i) {
      roundTrips(trips, null);
      throughput(stretches, 1, null);
      throughput(stretches, BATCH, null);
    }
    for (int i = 1; i <= repetitions; ++i) {
      roundTrips(trips, Integer.toString(i));
      throughput(stretches, 1, Integer.toString(i));
      throughput(stretches, BATCH, Integer.toString(i));
    }
  }
}
