import { describe, expect, it } from 'vitest';
import { age, bytes, difference, value, withUnit } from '../src/format';
import { parse, vehicleHref } from '../src/state/router';

describe('what people read', () => {
  it('says ages in their largest unit', () => {
    expect([-5, 900, 59_000, 61_000, 3_600_000 * 3, 3_600_000 * 50].map(age)).toEqual(['0 s', '1 s', '59 s', '1 min', '3 h', '2 d']);
  });

  it('gives values as many digits as say something', () => {
    expect([0.12345, 1.2345, 123.45, 2345.6, null, Number.NaN].map(value)).toEqual(['0.123', '1.23', '123.5', '2346', '–', '–']);
  });

  it('puts units behind values', () => {
    expect(withUnit(88, '°C')).toBe('88 °C');
    expect(withUnit(50, '%')).toBe('50 %');
    expect(withUnit(12, '°')).toBe('12°');
    expect(withUnit(undefined, 'V')).toBe('–');
  });

  it('gives differences their sign', () => {
    expect([difference(95, 89), difference(3.4, 4.1), difference(5, 5), difference(undefined, 1)]).toEqual(['+6', '−0.7', '±0', '–']);
  });

  it('says sizes', () => expect([bytes(10), bytes(2048), bytes(3 * 1024 ** 2)]).toEqual(['10 B', '2 KiB', '3 MiB']));
});

describe('addresses', () => {
  it('name pages and vehicles', () => {
    expect(parse('')).toEqual({ page: 'fleet' });
    expect(parse('#/models')).toEqual({ page: 'models' });
    expect(parse('#/nonsense')).toEqual({ page: 'fleet' });
    expect(parse('#/vehicle/')).toEqual({ page: 'vehicles' });
    expect(parse(vehicleHref('A.B-c_1'))).toEqual({ page: 'vehicle', vin: 'A.B-c_1' });
  });

  it('survive rubbish', () => expect(parse('#/vehicle/%E0%A4%A')).toEqual({ page: 'vehicle', vin: '%E0%A4%A' }));
});
